// Light or dark before anything is shown: as chosen here, else as the device says. Not a module, so that nothing flashes.

(() => {
  const chosen = localStorage.getItem("theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
