/** A list of the API, which writes an empty one as null or leaves it out in places. */
export function list<T>(items: readonly T[] | null | undefined): readonly T[] {
  return items ?? [];
}
