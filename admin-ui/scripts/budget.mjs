// Fails when the first load is larger than its budget: index.html and everything
// it names, and what the sign-in and Overview pages import at once, gzipped. The
// fonts count too, because the first paint asks for one of them.
import { readFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";

const budget = 300 * 1024;
const dist = new URL("../dist/", import.meta.url);

const index = await readFile(new URL("index.html", dist), "utf8");
const names = [...index.matchAll(/(?:src|href)="\/admin\/(assets\/[^"]+)"/g)].map((match) => match[1]);
const loaded = new Set(names);
for (const name of loaded) {
  if (!name.endsWith(".js")) continue;
  const script = await readFile(new URL(name, dist), "utf8");
  // Static imports only: import("./chart.js") comes later, when it is shown.
  for (const match of script.matchAll(/(?:from|import)\s*"\.\/([^"]+)"/g)) loaded.add(`assets/${match[1]}`);
}

let total = gzipSync(index).length;
console.log(`${total.toString().padStart(8)}  index.html`);
for (const name of loaded) {
  const size = gzipSync(await readFile(new URL(name, dist)), { level: 9 }).length;
  console.log(`${size.toString().padStart(8)}  ${name}`);
  total += size;
}
for (const name of await latinFont(loaded)) {
  const size = (await readFile(new URL(name, dist))).length;
  console.log(`${size.toString().padStart(8)}  ${name}`);
  total += size;
}
console.log(`${total.toString().padStart(8)}  of ${budget} bytes`);
if (total > budget) {
  console.error("The first load is over its budget.");
  process.exitCode = 1;
}

/** The one font file that a page in English needs. */
async function latinFont(assets) {
  const found = new Set();
  for (const name of assets) {
    if (!name.endsWith(".css")) continue;
    const css = await readFile(new URL(name, dist), "utf8");
    for (const match of css.matchAll(/assets\/(inter-latin-wght-normal[^")]*\.woff2)/g))
      found.add(`assets/${match[1]}`);
  }
  return found;
}
