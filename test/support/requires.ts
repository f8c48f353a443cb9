import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Whether a program that a test needs is missing here. `describe.skipIf(requireProgram("rsyslogd").missing)` leaves the
 * tests out and says so; where CI is set they must run, and it throws instead.
 */
export function requireProgram(name: string): { readonly missing: boolean } {
  const missing = spawnSync("sh", ["-c", 'command -v "$0"', name], { stdio: "ignore" }).status !== 0;
  if (!missing) return { missing };
  if (isSet(process.env["CI"])) throw new Error(`${name} is not installed, and CI must not skip its tests`);
  process.stderr.write(`skipped: ${name} is not installed\n`);
  return { missing };
}

/** Whether file systems can not be mounted here, for tests of full and read-only disks. As for programs. */
export function requireMounts(): { readonly missing: boolean } {
  const probe = mkdtempSync(join(tmpdir(), "s1bridge-mount-"));
  try {
    const run = (...command: [string, ...string[]]): boolean =>
      spawnSync(command[0], command.slice(1), { stdio: "ignore" }).status === 0;
    const missing = !run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", probe) || !run("umount", "-l", probe);
    if (missing && isSet(process.env["CI"]))
      throw new Error("nothing can be mounted, and CI must not skip these tests");
    if (missing) process.stderr.write("skipped: nothing can be mounted\n");
    return { missing };
  } finally {
    rmSync(probe, { recursive: true, force: true });
  }
}

/** Whether there are no loop devices for file systems of ext4, which a kernel makes read-only at an error. As for programs. */
export function requireLoopDisks(): { readonly missing: boolean } {
  const script =
    "d=$(mktemp -d) && truncate -s 8M $d/i && mkfs.ext4 -q -F $d/i && mkdir $d/m && mount -o loop $d/i $d/m";
  const clean = "umount $d/m; rm -r $d";
  const missing =
    spawnSync("sh", ["-c", `${script} && ls /sys/fs/ext4/*/trigger_fs_error && ${clean}`], { stdio: "ignore" })
      .status !== 0;
  // Not a fault in CI: containers have no loop devices, whatever is installed.
  if (missing) process.stderr.write("skipped: no loop devices with ext4\n");
  return { missing };
}

/** Whether this user may not become another one. As for programs. */
export function requireRoot(): { readonly missing: boolean } {
  const missing = process.geteuid?.() !== 0;
  if (missing && isSet(process.env["CI"])) throw new Error("not run as root, and CI must not skip these tests");
  if (missing) process.stderr.write("skipped: only root can become another user\n");
  return { missing };
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== "" && value !== "false";
}
