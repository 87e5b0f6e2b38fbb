import { expect, expectGoodPage, openPage, signIn, test, unique } from "./fixtures";

test.beforeEach(async ({ page }) => {
  await signIn(page);
});

test("a key is created, shown once, used, revoked, and the audit log tells it", async ({ page }) => {
  const name = `Journey ${unique()}`;
  await openPage(page, "/keys", "API keys");
  await expectGoodPage(page, "keys");
  await page.getByRole("button", { name: "Create key" }).click();
  const form = page.getByRole("dialog", { name: "Create an API key" });
  await form.getByLabel("Name").fill(name);
  await form.getByRole("button", { name: "Create key" }).click();
  const reveal = page.getByRole("dialog", { name: `Key “${name}”` });
  const key = (await reveal.locator("pre").innerText()).trim();
  expect(key).toMatch(/^ra_/);
  await reveal.getByText("I have stored the API key").click();
  await reveal.getByRole("button", { name: "Done" }).click();
  const search = () =>
    page.request.post("/api/search", { headers: { "X-API-Key": key, Cookie: "" }, data: { query: "x" } });
  expect((await search()).status()).toBe(200);

  await page.getByRole("link", { name }).click();
  const drawer = page.getByRole("dialog", { name });
  await drawer.getByRole("link", { name: "Revoke" }).click();
  const confirm = page.getByRole("dialog", { name: `Revoke “${name}”?` });
  await confirm.getByRole("textbox").fill(name);
  await confirm.getByRole("button", { name: "Revoke key" }).click();
  await expect(page.getByText(`“${name}” is revoked.`)).toBeVisible();
  await expect.poll(async () => (await search()).status()).toBe(401);

  await openPage(page, "/audit-log?action=api_key.*", "Audit log");
  await page.getByRole("link", { name: "api_key.revoked" }).first().click();
  await expect(page.getByRole("dialog", { name: "api_key.revoked" })).toContainText(/in the dashboard/);
  await page.keyboard.press("Escape");
  await expectGoodPage(page, "audit-log");
});

test("a tenant is provisioned with its first key", async ({ page }) => {
  const slug = `journey-${unique()}`;
  await openPage(page, "/tenants", "Tenants");
  await page.getByRole("button", { name: "Provision tenant" }).click();
  const form = page.getByRole("dialog", { name: "Provision a tenant" });
  await form.getByLabel("Slug").fill(slug);
  await form.getByRole("button", { name: "Provision tenant" }).click();
  const reveal = page.getByRole("dialog", { name: "First admin key" });
  await expect(reveal).toContainText(/ra_/);
  await reveal.getByText("I have stored the API key").click();
  await reveal.getByRole("button", { name: "Done" }).click();
  await expect(page.getByRole("table", { name: "Tenants" })).toContainText(slug);
  await expectGoodPage(page, "tenants");
});

test("a session that ends under a form loses nothing of it", async ({ page }) => {
  await openPage(page, "/keys?dialog=create", "API keys");
  const form = page.getByRole("dialog", { name: "Create an API key" });
  await form.getByLabel("Name").fill("Typed with care");
  await page.context().clearCookies();
  await form.getByRole("button", { name: "Create key" }).click();
  await expect(page.getByRole("dialog", { name: "Your session has ended" })).toBeVisible();
  await expect(form.getByLabel("Name")).toHaveValue("Typed with care");
});
