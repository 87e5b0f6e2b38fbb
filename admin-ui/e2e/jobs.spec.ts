import { addSearchable, expect, expectGoodPage, openPage, signIn, test, unique } from "./fixtures";

test.beforeEach(async ({ page }) => {
  await signIn(page);
});

test("a job is found by keyboard and tells what became of each document", async ({ page }) => {
  const title = `Ledger ${unique()}`;
  await addSearchable(page, title, "A document whose job is looked at.");
  await openPage(page, "/jobs", "Jobs");
  await expectGoodPage(page, "jobs");
  await page.keyboard.press("j");
  await expect(page.locator("[data-row-link]").first()).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Index documents", level: 1 })).toBeVisible();
  const row = page.getByRole("table", { name: "Documents" }).getByRole("row").filter({ hasText: title });
  await expect(row).toContainText("Indexed");
  await expect(page.getByRole("link", { name: "This job in the Temporal UI" })).toHaveAttribute(
    "href",
    /^http/,
  );
  await expectGoodPage(page, "job");
});

test("filters of jobs are in the address", async ({ page }) => {
  await openPage(page, "/jobs", "Jobs");
  await page.getByRole("combobox", { name: "State" }).or(page.getByLabel("State")).first().click();
  await page.getByRole("option", { name: "Failed" }).click();
  await expect(page).toHaveURL(/state=failed/);
  await page.reload();
  await expect(page.getByText("No job fits these filters")).toBeVisible();
});

test("metrics are drawn from this server", async ({ page }) => {
  await openPage(page, "/metrics", "Metrics");
  await page.getByRole("button", { name: "Refresh now" }).click();
  await expect(page.getByRole("img", { name: /^Memory over time: now resident \d/ })).toBeVisible();
  await expectGoodPage(page, "metrics");
});
