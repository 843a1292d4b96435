import type { Centre } from "./centre";
import { until } from "./centre";

/**
 * As if nobody had been in the desktops of a pool for so long. A desktop whose guest was not told yet who it is starts up, and its time alone begins
 * when that has been done: on a busy machine this comes after whatever a test has waited for.
 */
export async function leaveUnused(centre: Centre, poolId: string, minutes: number): Promise<void> {
  const untold = () => centre.rows(`select d.id from desktop d join instance_observation o on o.instance_id = d.instance_id where d.pool_id = '${poolId}' and d.state <> 'retired' and o.state = 'running' and (d.personalised_at is null or d.personalised_at < o.running_since)`);
  await until("its guest was told who it is", 60_000, async () => (await untold()).length === 0, untold);
  await centre.rows(`update desktop set unused_since = now() - interval '${minutes} minutes' where pool_id = '${poolId}'`);
}
