import { AxeBuilder } from "@axe-core/playwright";
import { test as base, expect, type Page } from "@playwright/test";

/** The admin key of the server under test. */
export const adminKey = process.env["ADMIN_KEY"] ?? "";
if (adminKey === "") throw new Error("ADMIN_KEY must hold an admin key of the server at BASE_URL");

/** A page that fails its test when anything violates the policy or throws. */
export const test = base.extend({
  page: async ({ page }, use) => {
    const faults: string[] = [];
    page.on("pageerror", (error) => faults.push(`uncaught: ${error.message}`));
    page.on("console", (message) => {
      if (message.text().includes("Content Security Policy")) faults.push(message.text());
    });
    await page.exposeFunction("reportViolation", (violation: string) => faults.push(violation));
    await page.addInitScript(() => {
      document.addEventListener("securitypolicyviolation", (event) => {
        const { reportViolation } = window as unknown as { reportViolation: (violation: string) => void };
        reportViolation(`${event.violatedDirective} blocked ${event.blockedURI} at ${event.sourceFile}`);
      });
    });
    await use(page);
    expect(faults).toEqual([]);
  },
});

export { expect };

/** Gets a session without the sign-in page, which has a journey of its own. */
export async function signIn(page: Page): Promise<void> {
  const answer = await page.request.post("/api/session", { data: { api_key: adminKey } });
  expect(answer.status()).toBe(204);
}

/** Opens the Overview and waits until its figures are there. */
export async function openOverview(page: Page): Promise<void> {
  await page.goto("/admin/");
  await expect(page.getByRole("heading", { name: "Overview", level: 1 })).toBeVisible();
  await expect(page.getByRole("region", { name: "Counts" })).toBeVisible();
  await expect(
    page.getByRole("region", { name: "System health" }).getByRole("listitem").first(),
  ).toBeVisible();
}

/** Fails for anything that axe calls serious or critical. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const serious = violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => ({
      id,
      nodes: nodes.map(({ html, failureSummary }) => ({ html, failureSummary })),
    }));
  expect(serious).toEqual([]);
}

export function screenshot(page: Page, name: string): Promise<Buffer> {
  return page.screenshot({ path: `e2e-artifacts/${name}.png`, fullPage: true });
}

/** Calls the API as a program does. */
export async function callApi<T>(page: Page, method: string, path: string, data?: unknown): Promise<T> {
  const answer = await page.request.fetch(path, {
    method,
    headers: { "X-API-Key": adminKey },
    ...(data === undefined ? {} : { data }),
  });
  expect(answer.ok(), `${method} ${path}: ${answer.status()}`).toBe(true);
  return (answer.status() === 204 ? undefined : await answer.json()) as T;
}

/** Opens a page of the dashboard and waits until its panels are there. */
export async function openPage(page: Page, path: string, title: string): Promise<void> {
  await page.goto(`/admin${path}`);
  await expect(page.getByRole("heading", { name: title, level: 1 })).toBeVisible();
  await expect(page.locator('[aria-busy="true"]')).toHaveCount(0);
}

/** Looks at the page in both themes with axe, and on a narrow phone, which must not scroll sideways. */
export async function expectGoodPage(page: Page, name: string): Promise<void> {
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await expect(page.locator("html")).toHaveAttribute("data-mantine-color-scheme", colorScheme);
    await expectAccessible(page);
    await screenshot(page, `${name}-${colorScheme}`);
  }
  await page.setViewportSize({ width: 360, height: 740 });
  const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  await expect.poll(overflow).toBeLessThanOrEqual(0);
  await screenshot(page, `${name}-360`);
  await page.setViewportSize({ width: 1440, height: 900 });
}

/** What no earlier run has used. */
export function unique(): string {
  return `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 8)}`;
}

/** Adds a document and waits until it can be found. */
export async function addSearchable(page: Page, title: string, content: string): Promise<string> {
  const { id } = await callApi<{ id: string }>(page, "POST", "/api/documents", { title, content });
  await expect
    .poll(async () => {
      const status = await callApi<{ searchable: boolean }>(page, "GET", `/api/documents/${id}/status`);
      return status.searchable;
    })
    .toBe(true);
  return id;
}
