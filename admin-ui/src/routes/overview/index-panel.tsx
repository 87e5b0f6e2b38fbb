import type { Stats } from "../../api/types";
import { Panel } from "../../components/panel";
import { formatBytes, formatCount } from "../../lib/format";
import { Fact, Facts } from "../../components/facts";

export function IndexPanel({ index, chunks }: { index: Stats["index"]; chunks: number }) {
  return (
    <Panel title="Index">
      <Facts>
        <Fact name="Chunks">{formatCount(chunks)}</Fact>
        <Fact name="Segments">{formatCount(index.segments)}</Fact>
        <Fact name="Size">{formatBytes(index.bytes)}</Fact>
        <Fact name="Generation">{formatCount(index.generation)}</Fact>
      </Facts>
    </Panel>
  );
}
