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
