import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { addSearchable, expect, expectGoodPage, openPage, signIn, test, unique } from "./fixtures";

/** A receiver on this machine: what it gets, and how it answers. */
interface Receiver {
  url: string;
  bodies: string[];
  status: number;
  server: Server;
}

async function startReceiver(): Promise<Receiver> {
  const receiver: Receiver = { url: "", bodies: [], status: 200, server: createServer() };
  receiver.server.on("request", (request, response) => {
    let body = "";
    request.on("data", (part: Buffer) => (body += part.toString()));
    request.on("end", () => {
      receiver.bodies.push(body);
      response.writeHead(receiver.status).end(receiver.status === 200 ? "thanks" : "not now");
    });
  });
  await new Promise<void>((ready) => receiver.server.listen(0, "127.0.0.1", ready));
  receiver.url = `http://127.0.0.1:${(receiver.server.address() as AddressInfo).port}/${unique()}`;
  return receiver;
}

let receiver: Receiver;

test.beforeEach(async ({ page }) => {
  receiver = await startReceiver();
  await signIn(page);
});

test.afterEach(() => {
  receiver.server.close();
});

test("a webhook is created, tested, fed, paused and deleted", async ({ page }) => {
  await openPage(page, "/webhooks", "Webhooks");
  await page.getByRole("button", { name: "Create webhook" }).first().click();
  const form = page.getByRole("dialog", { name: "Create a webhook" });
  await form.getByLabel("URL").fill("not a url");
  await form
    .getByRole("textbox", { name: "Events" })
    .or(form.getByLabel("Events"))
    .first()
    .fill("document.*");
  await form.getByRole("button", { name: "Create webhook" }).click();
  await expect(form.getByText("is not a URL")).toBeVisible();
  await form.getByLabel("URL").fill(receiver.url);
  await form.getByRole("button", { name: "Create webhook" }).click();
  const reveal = page.getByRole("dialog", { name: "Webhook created" });
  await expect(reveal).toContainText(/whsec_/);
  await reveal.getByText("I have stored the signing secret").click();
  await reveal.getByRole("button", { name: "Done" }).click();
  await expect(page.getByRole("heading", { name: receiver.url, level: 1 })).toBeVisible();

  await page.getByRole("button", { name: "Send test" }).click();
  const drawer = page.getByRole("dialog", { name: "webhook.test" });
  await expect(drawer).toContainText("#1 · 200");
  await expect(drawer).toContainText("thanks");
  await page.keyboard.press("Escape");

  await addSearchable(page, `Sent ${unique()}`, "A document that is told of.");
  const deliveries = page.getByRole("table", { name: "Deliveries" });
  await expect(async () => {
    await page.getByRole("button", { name: "Refresh now" }).click();
    await expect(deliveries.getByRole("row").filter({ hasText: "document.indexed" })).toContainText(
      "Delivered",
      {
        timeout: 1000,
      },
    );
  }).toPass({ timeout: 30_000 });
  expect(receiver.bodies.some((body) => body.includes("document.indexed"))).toBe(true);
  await expectGoodPage(page, "webhook");

  await page.getByRole("button", { name: "Pause" }).click();
  await expect(page.getByText("Paused: events wait.")).toBeVisible();
  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Send again since …" }).click();
  const again = page.getByRole("dialog", { name: "Send again since" });
  await again.getByText("were delivered").click();
  await again.getByRole("button", { name: "Count" }).click();
  await expect(again.getByRole("button", { name: /^Send [\d,]+ events? again$/ })).toBeVisible();
  await page.keyboard.press("Escape");

  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Delete" }).click();
  const confirm = page.getByRole("dialog", { name: "Delete this webhook?" });
  await expect(confirm.getByRole("button", { name: "Delete webhook" })).toBeDisabled();
  await confirm.getByRole("textbox").fill("delete");
  await confirm.getByRole("button", { name: "Delete webhook" }).click();
  await expect(page.getByText("The webhook is deleted.")).toBeVisible();
});

test("the list of webhooks and the event catalogue are good pages", async ({ page }) => {
  await openPage(page, "/webhooks", "Webhooks");
  await expectGoodPage(page, "webhooks");
  await openPage(page, "/webhooks/events?type=document.indexed", "Event catalogue");
  await expect(page.getByText("Schema of the data")).toBeVisible();
  await expectGoodPage(page, "events");
});
