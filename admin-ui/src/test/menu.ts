import { screen } from "@testing-library/react";

/**
 * An item of the open menu. Without a layout the menu takes its button for
 * scrolled away and may hide itself, hence "hidden".
 */
export function menuItem(role: "menuitem" | "menuitemradio", name: string): Promise<HTMLElement> {
  return screen.findByRole(role, { name, hidden: true });
}
