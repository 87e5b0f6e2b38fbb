import "@fontsource-variable/inter/index.css";
import "@mantine/core/styles.css";
import "./global.css";
import { setNonce } from "get-nonce";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { createDashboard } from "./router";

// Browsers hide a nonce from selectors and show it to scripts only as a property.
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";
// react-remove-scroll, under Mantine's dialogs, asks get-nonce.
setNonce(nonce);

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <App dashboard={createDashboard()} nonce={nonce} />
  </StrictMode>,
);
