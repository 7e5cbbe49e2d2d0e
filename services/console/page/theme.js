// Runs before anything is drawn, so that a page in the dark does not begin with a flash of white.
try {
  const kept = localStorage.getItem("theme");
  if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
} catch {
  // A browser that keeps nothing for us: the system's preference counts.
}
