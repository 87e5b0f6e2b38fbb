import { rotateSecret } from "../../api/webhooks";
import { RotateDialog } from "../../components/form/rotate-dialog";

interface Props {
  id: string;
  onClose: () => void;
  onRotated: (secret: string) => void;
}

/** Replaces a webhook's secret; for a while requests carry a signature of each. */
export function RotateSecret({ id, onClose, onRotated }: Props) {
  return (
    <RotateDialog
      title="Rotate the signing secret"
      submitLabel="Rotate secret"
      about="The new secret is shown once."
      overlapLabel="Requests are signed with the old secret, too, for"
      onClose={onClose}
      rotate={async (hours) => onRotated((await rotateSecret(id, hours)).secret)}
    />
  );
}
