import type { Page } from "@playwright/test";
import { adminKey, expect, expectAccessible, openOverview, screenshot, signIn, test } from "./fixtures";

/** Adds a document that no earlier run has added, through the API. */
async function addDocument(page: Page): Promise<void> {
  const unique = `${Date.now()}-${Math.random().toString(36).slice(2)}`;
  const answer = await page.request.post("/api/documents", {
    headers: { "X-API-Key": adminKey },
    data: { title: `Journey ${unique}`, content: `A document of the browser journey ${unique}.` },
  });
  expect(answer.status()).toBe(202);
}

/** The figure on the card with this title. */
async function figure(page: Page, title: string): Promise<number> {
  const card = page.getByRole("group", { name: title, exact: true });
  return Number((await card.getByText(/^[\d,]+$/).innerText()).replaceAll(",", ""));
}

test.beforeEach(async ({ page }) => {
  await signIn(page);
});

test("a document that is added through the API appears and its job completes", async ({ page }) => {
  await openOverview(page);
  const before = await figure(page, "Searchable");
  await addDocument(page);
  await expect(async () => {
    await page.getByRole("button", { name: "Refresh now" }).click();
    expect(await figure(page, "Searchable")).toBeGreaterThan(before);
  }).toPass({ timeout: 30_000 });
  const newest = page.getByRole("region", { name: "Recent jobs" }).getByRole("listitem").first();
  await expect(newest).toContainText("Index documents");
  await expect(newest).toContainText("Completed");
  await expect(newest.getByRole("link", { name: /Temporal UI/ })).toHaveAttribute("href", /^https?:\/\//);
});

test("every service reports its state", async ({ page }) => {
  await openOverview(page);
  const health = page.getByRole("region", { name: "System health" });
  for (const service of ["PostgreSQL", "Redis", "Temporal", "Search index", "Workers"]) {
    await expect(health.getByRole("listitem").filter({ hasText: service })).toBeVisible();
  }
  await expect(health.getByText("All systems healthy")).toBeVisible();
});

test("the theme follows the choice and survives a reload", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await openOverview(page);
  const scheme = () => page.locator("html").getAttribute("data-mantine-color-scheme");
  expect(await scheme()).toBe("light");
  await page.getByRole("button", { name: "Theme" }).click();
  await page.getByRole("menuitemradio", { name: "Dark" }).click();
  await expect.poll(scheme).toBe("dark");
  await page.reload({ waitUntil: "commit" });
  await expect.poll(scheme).toBe("dark");
});

test("the keyboard opens the help", async ({ page }) => {
  await openOverview(page);
  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await expect(help).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(help).toBeHidden();
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`the Overview is accessible in ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await addDocument(page);
    await openOverview(page);
    await expect(page.getByRole("img", { name: /^Documents indexed by hour/ })).toBeVisible();
    await expectAccessible(page);
    await screenshot(page, `overview-${colorScheme}`);
  });
}

test("a narrow phone needs no sideways scrolling", async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await openOverview(page);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  expect(overflow).toBeLessThanOrEqual(0);
  await screenshot(page, "overview-360");
  await page.getByRole("button", { name: "Open the navigation" }).click();
  await expect(page.getByRole("link", { name: "Overview", exact: true })).toBeVisible();
});
