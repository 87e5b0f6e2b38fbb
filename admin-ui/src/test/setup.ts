import "@testing-library/jest-dom/vitest";
import { cleanup, configure } from "@testing-library/react";
import { afterEach } from "vitest";

// Builders are slow and shared; a test that passes never waits this long.
configure({ asyncUtilTimeout: 5000 });

// What Mantine and the router ask of a browser and jsdom does not have.
window.matchMedia = (query) =>
  Object.assign(new EventTarget(), { matches: false, media: query, onchange: null }) as MediaQueryList;
window.ResizeObserver = class {
  observe() {
    // Nothing is ever laid out here, so no size ever changes.
  }
  unobserve() {
    // See observe.
  }
  disconnect() {
    // See observe.
  }
};
Object.defineProperty(document, "fonts", { value: new EventTarget() });
window.scrollTo = () => undefined;
Element.prototype.scrollIntoView = () => undefined;

afterEach(() => {
  cleanup();
  window.localStorage.clear();
  window.sessionStorage.clear();
});
