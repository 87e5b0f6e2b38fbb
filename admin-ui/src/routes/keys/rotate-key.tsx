import { rotateKey } from "../../api/keys";
import type { APIKey, CreatedAPIKey } from "../../api/types";
import { RotateDialog } from "../../components/form/rotate-dialog";

interface Props {
  apiKey: APIKey;
  onClose: () => void;
  onRotated: (key: CreatedAPIKey) => void;
}

/** Makes a key's successor; both work until the overlap is over. */
export function RotateKey({ apiKey, onClose, onRotated }: Props) {
  return (
    <RotateDialog
      title={`Rotate “${apiKey.name}”`}
      submitLabel="Rotate key"
      about="The new key has the same name, scopes and rules. It is shown once."
      overlapLabel="The old key works for"
      onClose={onClose}
      rotate={async (hours) => onRotated(await rotateKey(apiKey.id, hours))}
    />
  );
}
