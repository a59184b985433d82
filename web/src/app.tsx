/** The pages and where they are. */
import { localStorageColorSchemeManager, MantineProvider } from "@mantine/core";
import type { ReactElement } from "react";
import { createBrowserRouter, RouterProvider } from "react-router";

import { AlertsPage } from "./pages/alerts/alerts";
import { Broken, NotFound } from "./pages/broken";
import { IncidentView } from "./pages/incident/incident";
import { LineagePage } from "./pages/lineage/lineage";
import { ModelView } from "./pages/model/model";
import { ModelsPage } from "./pages/models";
import { RegisteredView } from "./pages/registry/registered";
import { RegistryView } from "./pages/registry/registry";
import { RowsPage } from "./pages/rows";
import { ComparePage } from "./pages/runs/compare";
import { RunView } from "./pages/runs/run";
import { RunsPage } from "./pages/runs/runs";
import { SqlPage } from "./pages/sql";
import { Frame } from "./parts/frame";
import { theme, variables } from "./style/theme";

const router = createBrowserRouter([
  {
    element: <Frame />,
    children: [
      {
        errorElement: <Broken />,
        children: [
          { path: "/", element: <ModelsPage /> },
          { path: "/models/:model", element: <ModelView /> },
          { path: "/models/:model/rows", element: <RowsPage /> },
          { path: "/models/:model/incidents/:id", element: <IncidentView /> },
          { path: "/runs", element: <RunsPage /> },
          { path: "/runs/compare", element: <ComparePage /> },
          { path: "/runs/:id", element: <RunView /> },
          { path: "/registry", element: <RegistryView /> },
          { path: "/registry/:name", element: <RegisteredView /> },
          { path: "/lineage", element: <LineagePage /> },
          { path: "/alerts", element: <AlertsPage /> },
          { path: "/sql", element: <SqlPage /> },
          { path: "*", element: <NotFound /> },
        ],
      },
    ],
  },
]);

const remembered = localStorageColorSchemeManager({ key: "whence.light" });

export function App(): ReactElement {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={variables}
      defaultColorScheme="auto"
      colorSchemeManager={remembered}
    >
      <RouterProvider router={router} />
    </MantineProvider>
  );
}
