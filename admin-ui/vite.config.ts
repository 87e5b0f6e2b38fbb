/// <reference types="vitest/config" />
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { brotliCompress, gzip } from "node:zlib";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

/** Where `npm run dev` sends API calls: a server started by `rustassistant dev`. */
const apiServer = process.env["BASE_URL"] ?? "http://127.0.0.1:8080";

/** Writes x.js.br and x.js.gz next to x.js, which handler.go serves as they are. */
function precompress(): Plugin {
  const compressible = /\.(?:js|css|svg|md)$/;
  return {
    name: "precompress",
    apply: "build",
    async writeBundle(options) {
      const directory = options.dir ?? "dist";
      const names = await readdir(directory, { recursive: true });
      await Promise.all(
        names.filter((name) => compressible.test(name)).map((name) => compress(path.join(directory, name))),
      );
    },
  };
}

async function compress(file: string): Promise<void> {
  const content = await readFile(file);
  await writeFile(`${file}.br`, await promisify(brotliCompress)(content));
  await writeFile(`${file}.gz`, await promisify(gzip)(content, { level: 9 }));
}

export default defineConfig({
  base: "/admin/",
  plugins: [react(), precompress()],
  // handler.go replaces the placeholder in every answer.
  html: { cspNonce: "__CSP_NONCE__" },
  build: {
    target: "es2023",
    // A data: URL would need a wider policy for scripts and fonts.
    assetsInlineLimit: 0,
    // The bundled libraries' licences ask for their text to come along.
    license: { fileName: "licenses.md" },
    // The size is held by `npm run budget`, which counts what is really loaded.
    chunkSizeWarningLimit: 1000,
  },
  server: { proxy: { "/api": apiServer, "/metrics": apiServer } },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/test/setup.ts"],
    testTimeout: 20_000,
    restoreMocks: true,
    unstubGlobals: true,
  },
});
