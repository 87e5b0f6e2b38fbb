import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { IconPlayerPause, IconPlayerPlay, IconPlayerStop, IconReload } from "@tabler/icons-react";
import { useState } from "react";
import { jobVerbs } from "../../api/jobs";
import type { Job, JobDetail } from "../../api/types";
import { ConfirmDialog } from "../../components/dialog/confirm-dialog";
import { ExternalLink } from "../../components/external-link";
import { FormError } from "../../components/form/form-error";
import { useToast } from "../../components/toast";
import { formatNoun } from "../../lib/format";
import { webLink } from "../../lib/url";

const icons = { pause: IconPlayerPause, resume: IconPlayerPlay, retry: IconReload };
const labels = { pause: "Pause", resume: "Resume", retry: "Retry" };

/** The verbs that a job allows now, and the ways to where else it can be looked at. */
export function JobActions({ job }: { job: JobDetail }) {
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const toast = useToast();
  const act = useMutation({
    mutationFn: (verb: keyof typeof labels) => jobVerbs[verb](job.id),
    onSuccess: async (answer: Job, verb) => {
      await queryClient.invalidateQueries({ queryKey: ["job", job.id] });
      if (verb !== "retry") return;
      toast("A new job does what is left.");
      await navigate({ to: "/jobs/$id", params: { id: answer.id } });
    },
  });
  const links = [
    { label: "Temporal UI", href: webLink(job.temporal_url), about: "This job in the Temporal UI" },
    { label: "Trace", href: webLink(job.trace_url), about: "This job's trace" },
  ];
  return (
    <>
      {links.map(({ label, href, about }) =>
        href === undefined ? null : (
          <ExternalLink key={label} href={href} aria-label={about}>
            {label}
          </ExternalLink>
        ),
      )}
      {(["pause", "resume", "retry"] as const)
        .filter((verb) => job.can[verb])
        .map((verb) => {
          const Icon = icons[verb];
          return (
            <Button
              key={verb}
              variant="default"
              leftSection={<Icon size={16} aria-hidden />}
              loading={act.isPending}
              onClick={() => act.mutate(verb)}
            >
              {labels[verb]}
            </Button>
          );
        })}
      {job.can.cancel && <CancelJob job={job} />}
      <FormError error={act.error} />
    </>
  );
}

function CancelJob({ job }: { job: JobDetail }) {
  const [asking, setAsking] = useState(false);
  const queryClient = useQueryClient();
  const toast = useToast();
  const cancel = useMutation({
    mutationFn: () => jobVerbs.cancel(job.id),
    onSuccess: async () => {
      setAsking(false);
      toast("The job is canceled.");
      await queryClient.invalidateQueries({ queryKey: ["job", job.id] });
    },
  });
  const left = job.total - job.done - job.failed;
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconPlayerStop size={16} aria-hidden />}
        onClick={() => {
          cancel.reset();
          setAsking(true);
        }}
      >
        Cancel
      </Button>
      <ConfirmDialog
        opened={asking}
        onClose={() => setAsking(false)}
        title="Cancel this job?"
        confirmLabel={left > 0 ? `Cancel what is left: ${formatNoun(left, "document")}` : "Cancel job"}
        danger
        pending={cancel.isPending}
        error={cancel.error}
        onConfirm={() => cancel.mutate()}
      >
        What is done stays, and nothing half done does. What is left can be retried.
      </ConfirmDialog>
    </>
  );
}
