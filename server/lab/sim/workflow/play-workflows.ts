import type { SimDatabaseServer } from "../server";
import { Life, type Death } from "./life";
import { WORKFLOWS, type Workflow } from "./workflows";

/** Every death that a workflow can die: before and after each thing that its worker does to the world. */
export async function deathsOf(workflow: Workflow, server: SimDatabaseServer): Promise<readonly Death[]> {
  const done = await new Life(workflow, server, null).live();
  return done.flatMap((_, index) => [
    { at: index + 1, when: "before" as const },
    { at: index + 1, when: "after" as const },
  ]);
}

/** Plays all workflows with all their deaths, or those whose name contains `named`; answers how many ended badly. */
export async function playWorkflows(server: SimDatabaseServer, named: string, say: (line: string) => void): Promise<number> {
  let bad = 0;
  for (const workflow of WORKFLOWS.filter(({ name }) => name.includes(named))) {
    const deaths = await deathsOf(workflow, server);
    let survived = 0;
    for (const death of deaths) {
      try {
        await new Life(workflow, server, death).live();
        survived += 1;
      } catch (error) {
        bad += 1;
        say(`${workflow.name}: dead ${death.when} step ${death.at}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    say(`${workflow.name}: ${survived} of ${deaths.length} deaths survived`);
  }
  return bad;
}
