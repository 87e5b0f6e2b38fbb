import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import type { createDashboard } from "./router";
import { ReSignInContext } from "./session/re-sign-in";
import { cssVariables, theme } from "./theme";

interface Props {
  dashboard: ReturnType<typeof createDashboard>;
  /** The nonce under which the content security policy allows style elements. */
  nonce: string;
}

export function App({ dashboard, nonce }: Props) {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      defaultColorScheme="auto"
      getStyleNonce={() => nonce}
    >
      <QueryClientProvider client={dashboard.queryClient}>
        <ReSignInContext value={dashboard.reSignIn}>
          <RouterProvider router={dashboard.router} />
        </ReSignInContext>
      </QueryClientProvider>
    </MantineProvider>
  );
}
