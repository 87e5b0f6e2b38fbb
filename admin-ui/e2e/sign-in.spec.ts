import { adminKey, expect, expectAccessible, screenshot, test } from "./fixtures";

test("a wrong key is refused, the right one opens the Overview", async ({ page }) => {
  await page.goto("/admin/sign-in");
  const field = page.getByLabel("API key", { exact: true });
  await expect(field).toBeFocused();
  await expect(field).toHaveAttribute("type", "password");
  await screenshot(page, "sign-in");

  await field.fill("ra_not_a_key");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await expect(page).toHaveURL(/\/admin\/sign-in/);
  await screenshot(page, "sign-in-refused");

  await field.fill(adminKey);
  await field.press("Enter");
  await expect(page.getByRole("heading", { name: "Overview", level: 1 })).toBeVisible();
  const stored = await page.evaluate(() =>
    JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage), document.cookie]),
  );
  expect(stored).not.toContain(adminKey);
});

test("signing in leads back to where one was", async ({ page }) => {
  await page.goto("/admin/sign-in?redirect=%2Fadmin%2F%3Fhere%3D1");
  await page.getByLabel("API key", { exact: true }).fill(adminKey);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Overview", level: 1 })).toBeVisible();
  await expect(page).toHaveURL(/\/admin\/\?here=1$/);
});

test("signing out returns to the sign-in page", async ({ page }) => {
  await page.goto("/admin/sign-in");
  await page.getByLabel("API key", { exact: true }).fill(adminKey);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Session" }).click();
  await page.getByRole("button", { name: /^Sign (out|in with a key)$/ }).click();
  await expect(page.getByRole("heading", { name: "Sign in to RustAssistant" })).toBeVisible();
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`the sign-in page is accessible in ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.goto("/admin/sign-in");
    await page.getByLabel("API key", { exact: true }).fill("ra_not_a_key");
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("alert")).toBeVisible();
    await expectAccessible(page);
  });
}
