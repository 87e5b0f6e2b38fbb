/** The path under which vite.config.ts builds the dashboard, without a final slash. */
export const basePath = "/admin";

/** A link that the server configured; undefined unless it is a web address. */
export function webLink(url: string | undefined): string | undefined {
  if (url === undefined || url === "") return undefined;
  try {
    return /^https?:$/.test(new URL(url).protocol) ? url : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Where to go after signing in. It comes from the address bar, so anything but a
 * page of this dashboard is dropped: a link to the sign-in page must not be able
 * to send people elsewhere.
 */
export function returnPath(value: unknown): string | undefined {
  if (typeof value !== "string" || !value.startsWith("/")) return undefined;
  const url = new URL(value, window.location.origin);
  const inside = url.pathname === basePath || url.pathname.startsWith(`${basePath}/`);
  if (url.origin !== window.location.origin || !inside) return undefined;
  return url.pathname + url.search + url.hash;
}
