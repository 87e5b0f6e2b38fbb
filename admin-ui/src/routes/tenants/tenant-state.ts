import type { Tenant } from "../../api/types";
import type { Tone } from "../../components/status";

export const tenantTones: Record<Tenant["state"], Tone> = {
  provisioning: "active",
  active: "good",
  suspended: "warning",
  offboarding: "bad",
};
