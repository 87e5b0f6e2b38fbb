import { createContext, useContext, useEffect, useSyncExternalStore } from "react";

/**
 * Keeps the page when a session ends under a form that somebody is filling in:
 * then the key is asked for above the form, and nothing typed is lost. Without
 * such a form the page goes away, so that nobody else can read it.
 */
export class ReSignIn {
  #unsaved = 0;
  #asked = false;
  #listeners = new Set<() => void>();

  /** Marks a form as open until the returned function is called. */
  hold = (): (() => void) => {
    this.#unsaved++;
    return () => {
      this.#unsaved--;
    };
  };

  /** Asks for the key above the page; false when there is nothing to lose. */
  ask(): boolean {
    if (this.#unsaved === 0) return false;
    this.#set(true);
    return true;
  }

  answered = (): void => {
    this.#set(false);
  };

  /** Whether a form is open. */
  get held(): boolean {
    return this.#unsaved > 0;
  }

  get asked(): boolean {
    return this.#asked;
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #set(asked: boolean): void {
    this.#asked = asked;
    for (const listener of this.#listeners) listener();
  }
}

export const ReSignInContext = createContext<ReSignIn>(new ReSignIn());

/** Marks the component's form as one whose content must not be lost. */
export function useUnsaved(): void {
  const { hold } = useContext(ReSignInContext);
  useEffect(() => hold(), [hold]);
}

export function useReSignIn(): { asked: boolean; answered: () => void } {
  const store = useContext(ReSignInContext);
  const asked = useSyncExternalStore(store.subscribe, () => store.asked);
  return { asked, answered: store.answered };
}
