import type { Service } from "../../api/types";
import type { Tone } from "../../components/status";
import { humanize } from "../../lib/format";
import { list } from "../../lib/list";

interface Summary {
  tone: Tone;
  label: string;
}

const serviceNames: Record<string, string> = {
  database: "PostgreSQL",
  redis: "Redis",
  temporal: "Temporal",
  index: "Search index",
  worker: "Workers",
};

const states: Record<string, Summary> = {
  ok: { tone: "good", label: "Healthy" },
  degraded: { tone: "warning", label: "Degraded" },
  down: { tone: "bad", label: "Down" },
  off: { tone: "idle", label: "Not used" },
};

export function serviceName(name: string): string {
  return serviceNames[name] ?? humanize(name);
}

export function serviceState(status: string): Summary {
  return states[status] ?? { tone: "idle", label: humanize(status) };
}

/** The whole in one line, which names whatever needs somebody's attention. */
export function summary(status: string, services: readonly Service[] | null): Summary {
  if (status === "ok") return { tone: "good", label: "All systems healthy" };
  const { tone, label } = serviceState(status);
  const affected = list(services).filter(
    (service) => service.status === "down" || service.status === "degraded",
  );
  if (affected.length === 0) return { tone, label };
  return { tone, label: `${label}: ${affected.map((service) => serviceName(service.name)).join(", ")}` };
}
