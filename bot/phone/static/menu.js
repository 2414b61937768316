// Small menus that open from a button and close on anything else.

/** Let `button` open and close `menu`; arrow keys move in it, Escape closes it. */
export function openMenu(button, menu) {
  const show = (open) => {
    menu.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (open) menu.querySelector('[role^="menuitem"]')?.focus();
  };
  button.addEventListener("click", () => show(menu.hidden));
  document.addEventListener("click", (event) => {
    if (!menu.hidden && !button.contains(event.target)) show(false);
  });
  menu.addEventListener("keydown", (event) => {
    const items = [...menu.querySelectorAll('[role^="menuitem"]')];
    const at = items.indexOf(document.activeElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") {
      show(false);
      button.focus();
    } else if (step) {
      event.preventDefault();
      items[(at + step + items.length) % items.length].focus();
    }
  });
}
