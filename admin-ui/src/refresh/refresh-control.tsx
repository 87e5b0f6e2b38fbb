import { ActionIcon, Button, Menu, Tooltip } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { useIsFetching, useQueryClient } from "@tanstack/react-query";
import { IconChevronDown, IconRefresh } from "@tabler/icons-react";
import { refreshChoices, useRefresh } from "./refresh";
import classes from "./refresh-control.module.css";

/** Refreshes everything in sight, now or by a rhythm: the only such control of the dashboard. */
export function RefreshControl() {
  const { seconds, choose, paused } = useRefresh();
  const queryClient = useQueryClient();
  const fetching = useIsFetching() > 0;
  const refreshNow = () => void queryClient.refetchQueries({ type: "active" });
  useHotkeys([["r", refreshNow]]);
  const shown = paused ? "Paused" : choiceLabel(seconds);
  return (
    <Button.Group>
      <Tooltip label="Refresh now (R)">
        <ActionIcon
          variant="default"
          size={32}
          className={classes["now"]}
          aria-label="Refresh now"
          onClick={refreshNow}
        >
          <IconRefresh size={16} aria-hidden className={fetching ? classes["spinning"] : undefined} />
        </ActionIcon>
      </Tooltip>
      <Menu position="bottom-end" width={210}>
        <Menu.Target>
          <Button
            variant="default"
            className={classes["choice"]}
            aria-label={`Refresh: ${shown}`}
            rightSection={<IconChevronDown size={14} aria-hidden />}
          >
            {shown}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>Refresh, while this page is visible</Menu.Label>
          <Menu.RadioGroup value={String(seconds)} onChange={(choice) => choose(Number(choice))}>
            {refreshChoices.map((choice) => (
              <Menu.RadioItem key={choice} value={String(choice)} closeMenuOnClick>
                {choice === 0 ? "Only when asked" : `Every ${choiceLabel(choice)}`}
              </Menu.RadioItem>
            ))}
          </Menu.RadioGroup>
        </Menu.Dropdown>
      </Menu>
    </Button.Group>
  );
}

function choiceLabel(seconds: number): string {
  if (seconds === 0) return "Off";
  return seconds < 60 ? `${seconds} s` : `${seconds / 60} min`;
}
