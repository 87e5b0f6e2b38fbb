import { addSearchable, expect, expectGoodPage, openPage, signIn, test, unique } from "./fixtures";

test.beforeEach(async ({ page }) => {
  await signIn(page);
});

test("a document is found, explained, cached, and counted by analytics", async ({ page }) => {
  const word = `quokka${unique()}`;
  await addSearchable(page, `Field notes ${word}`, `The ${word} was seen. <img src=x onerror=alert(1)>`);
  await openPage(page, "/", "Overview");
  await page.keyboard.press("/");
  await expect(page.getByRole("heading", { name: "Search", level: 1 })).toBeVisible();
  const field = page.getByRole("textbox", { name: "Query" });
  await expect(field).toBeFocused();
  await field.fill(word);
  await page.getByRole("switch", { name: "Explain" }).press("Space");
  await page.getByRole("button", { name: "Search", exact: true }).click();
  const first = page.getByRole("list", { name: "Results" }).getByRole("listitem").first();
  await expect(first).toContainText(`Field notes ${word}`);
  await expect(first).toContainText("<img src=x onerror=alert(1)>");
  await expect(first).toContainText("Keyword");
  await expect(first).toContainText(/score \d+\.\d{3}/);
  await expect(first.locator("mark").first()).toHaveText(word);
  await expect(page).toHaveURL(/explain=true/);
  await page.getByRole("button", { name: "Search", exact: true }).click();
  await expect(page.getByRole("region", { name: "Answer" })).toContainText("Hit");
  await expectGoodPage(page, "search");

  await openPage(page, "/analytics?days=1", "Analytics");
  const popular = page.getByRole("region", { name: "Popular" });
  await expect(async () => {
    await page.getByRole("button", { name: "Refresh now" }).click();
    await expect(popular.getByRole("link", { name: word })).toBeVisible({ timeout: 1000 });
  }).toPass({ timeout: 30_000 });
  await expect(page.getByRole("img", { name: /^Searches over/ })).toBeVisible();
  await expectGoodPage(page, "analytics");
});

test("the search settings are changed and kept", async ({ page }) => {
  await openPage(page, "/settings", "Relevance");
  const word = unique();
  await page.getByLabel("Synonyms").fill(`${word}, automobile`);
  await page.getByRole("button", { name: "Save settings" }).click();
  await expect(page.getByText("Saved: searches follow within seconds.")).toBeVisible();
  await page.reload();
  await expect(page.getByLabel("Synonyms")).toHaveValue(`${word}, automobile`);
  await expectGoodPage(page, "relevance");
});
