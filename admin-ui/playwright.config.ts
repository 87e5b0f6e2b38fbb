import { defineConfig } from "@playwright/test";

const asRoot = process.getuid?.() === 0;

/** Journeys through a running server: BASE_URL says where it is, ADMIN_KEY is a key of it. */
export default defineConfig({
  testDir: "e2e",
  outputDir: "e2e-artifacts/results",
  // The journeys share one tenant, and counts are compared.
  workers: 1,
  forbidOnly: process.env["CI"] !== undefined,
  timeout: 150_000,
  expect: { timeout: 15_000 },
  reporter: [["list"]],
  use: {
    baseURL: process.env["BASE_URL"] ?? "http://127.0.0.1:8080",
    viewport: { width: 1440, height: 900 },
    trace: "retain-on-failure",
    screenshot: "only-on-failure",
    launchOptions: {
      // The system's own browser: nothing is downloaded.
      executablePath: process.env["CHROMIUM_PATH"] ?? "/usr/bin/chromium",
      args: [
        // Chromium's sandbox refuses to run as root.
        ...(asRoot ? ["--no-sandbox"] : []),
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
});
