import { expect, it } from "vitest";
import { chartPoints, metricCharts } from "./charts";
import { parseExposition } from "./exposition";
import { extend, type Scrape } from "./history";

const scrape = (at: number, text: string): Scrape => ({ at, reading: parseExposition(text) });
const chart = (title: string) => {
  const found = metricCharts.find((each) => each.title === title);
  if (found === undefined) throw new Error(`no chart ${title}`);
  return found;
};

it("draws a rate between scrapes", () => {
  const scrapes = [
    scrape(0, 'http_requests_total{status="200"} 10'),
    scrape(5000, 'http_requests_total{status="200"} 30\nhttp_requests_total{status="503"} 5'),
  ];
  expect(chartPoints(chart("Requests"), scrapes)).toEqual([
    { at: new Date(5000), values: { all: 5, "5xx": 1 } },
  ]);
});

it("has no hit rate while nothing is looked up", () => {
  const same = 'cache_requests_total{result="hit"} 3';
  expect(chartPoints(chart("Cache hits"), [scrape(0, same), scrape(1, same)])[0]?.values).toEqual({
    "hit rate": null,
  });
});

it("begins anew when the server has started again", () => {
  const old = [scrape(0, "process_start_time_seconds 1")];
  expect(extend(old, scrape(1, "process_start_time_seconds 1"))).toHaveLength(2);
  expect(extend(old, scrape(1, "process_start_time_seconds 2"))).toHaveLength(1);
});
