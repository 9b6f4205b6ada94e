/* Tells the shop what is looked at, without a name and without a cookie. Pages work the same without it:
   nothing waits for an answer. A browser that asks not to be followed sends nothing. */
"use strict";

(() => {
  if (navigator.doNotTrack === "1" || navigator.globalPrivacyControl === true) return;

  function random() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
  }

  /** The visit's number: of this tab alone, forgotten with it. */
  function visit() {
    try {
      const known = sessionStorage.getItem("visit") || random();
      sessionStorage.setItem("visit", known);
      return known;
    } catch {
      return "";
    }
  }

  function tell(event) {
    const body = JSON.stringify({ events: [{ id: random(), visit: visit(), ...event }] });
    const sent = navigator.sendBeacon?.("/v1/events", new Blob([body], { type: "application/json" }));
    if (sent) return;
    const headers = { "content-type": "application/json" };
    fetch("/v1/events", { method: "POST", body, headers, keepalive: true }).catch(() => {});
  }

  document.addEventListener("submit", (event) => {
    const path = new URL(event.target.action, location.href).pathname;
    const sku = event.target.elements.sku?.value;
    if (!sku || event.defaultPrevented) return;
    if (path === "/cart/add") tell({ type: "add-to-cart", sku });
    if (path === "/cart/update" && event.submitter?.name === "remove") tell({ type: "remove-from-cart", sku });
  });

  document.addEventListener("DOMContentLoaded", () => {
    const { viewed, searched, results } = document.querySelector("main").dataset;
    if (viewed) tell({ type: "view", handle: viewed });
    if (searched) tell({ type: "search", text: searched, results: Number(results) });
    if (location.pathname === "/checkout") tell({ type: "checkout" });
  });
})();
