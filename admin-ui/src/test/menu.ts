import { screen } from "@testing-library/react";

/**
 * A choice of the open menu. Without a layout the menu takes its button for
 * scrolled away and may hide itself, hence "hidden".
 */
export function menuChoice(name: string): Promise<HTMLElement> {
  return screen.findByRole("menuitemradio", { name, hidden: true });
}
