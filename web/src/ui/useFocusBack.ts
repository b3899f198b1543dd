import { useState } from "react";

/**
 * Gives the focus back to what had it before a dialog without a trigger of its own opened. A menu is
 * gone by then, so for its items that is the button that opened the menu.
 */
export function useFocusBack(): (event: Event) => void {
  const [opener] = useState(() => openerOf(document.activeElement));
  return (event) => {
    event.preventDefault();
    if (opener instanceof HTMLElement) opener.focus();
  };
}

function openerOf(element: Element | null): Element | null {
  const button = element?.closest("[role=menu]")?.getAttribute("aria-labelledby");
  return button ? document.getElementById(button) : element;
}
