import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { parseConfig } from "../../src/config/load.ts";

/** What an operator copies: read as its programs read it, and held against each other and against the image. */

const DEPLOY = join(import.meta.dirname, "../../deploy");

// oxlint-disable-next-line typescript/no-explicit-any -- A manifest has the shape that its own assertions ask for.
type Manifest = any;

function documents(path: string): readonly Manifest[] {
  return parseAllDocuments(readFileSync(join(DEPLOY, path), "utf8")).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS();
  });
}

test.each(["kubernetes/base", "kubernetes/sidecar", "compose"])("%s/config.yaml is valid", (folder) => {
  expect(() => parseConfig(readFileSync(join(DEPLOY, folder, "config.yaml"), "utf8"))).not.toThrow();
});

/** What the Pod Security Standard `restricted` asks of a container. */
const RESTRICTED = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};

const [deployment] = documents("kubernetes/base/deployment.yaml");
const [sidecar] = documents("kubernetes/sidecar/deployment.yaml");
const pod = deployment.spec.template.spec;
const [bridge] = pod.containers as Manifest[];
const extra = sidecar.spec.template.spec;

describe("deploy/kubernetes", () => {
  test("lists every manifest that is there, and no other", () => {
    for (const folder of ["kubernetes/base", "kubernetes/sidecar"]) {
      const [kustomization] = documents(`${folder}/kustomization.yaml`);
      const generated = (kustomization.configMapGenerator as Manifest[]).flatMap((one) => one.files as string[]);
      const listed = [
        ...(kustomization.resources as string[]).filter((path) => !path.startsWith("..")),
        ...((kustomization.patches ?? []) as Manifest[]).map(({ path }) => path as string),
        ...generated,
      ];
      const present = readdirSync(join(DEPLOY, folder)).filter((name) => name !== "kustomization.yaml");
      expect(listed.toSorted()).toEqual(present.toSorted());
    }
  });

  test("the pod and every container keep to the restricted standard, with resources and probes", () => {
    const [namespace] = documents("kubernetes/base/namespace.yaml");
    expect(namespace.metadata.labels["pod-security.kubernetes.io/enforce"]).toBe("restricted");
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: 1000,
      seccompProfile: { type: "RuntimeDefault" },
    });
    expect(pod.automountServiceAccountToken).toBe(false);
    for (const container of [bridge, ...(extra.containers as Manifest[])]) {
      expect(container.securityContext).toEqual(RESTRICTED);
      expect(container.resources).toMatchObject({
        requests: { cpu: expect.any(String) as string, memory: expect.any(String) as string },
        limits: { memory: expect.any(String) as string },
      });
      expect(Object.keys(container as object)).toEqual(expect.arrayContaining(["livenessProbe", "readinessProbe"]));
    }
  });

  test("what is mounted exists, and what exists is mounted", () => {
    const names = (volumes: Manifest): string[] => (volumes as Manifest[]).map(({ name }) => name as string);
    const mounts = [bridge, ...(extra.containers as Manifest[])].flatMap(({ volumeMounts }) => names(volumeMounts));
    const volumes = [...names(pod.volumes), ...names(extra.volumes)];
    expect([...new Set(mounts)].toSorted()).toEqual(volumes.toSorted());
  });

  test("spool, configuration and token stand where the program looks for them, the spool on a volume that lasts", () => {
    const { config } = parseConfig(readFileSync(join(DEPLOY, "kubernetes/base/config.yaml"), "utf8"));
    const at = (name: string): string =>
      (bridge.volumeMounts as Manifest[]).find((mount) => mount.name === name).mountPath as string;
    expect(at("spool")).toBe(config.spool.directory);
    expect(config.consoles[0]?.token).toEqual({ file: `${at("token")}/acme-token` });
    expect(bridge.livenessProbe.exec.command.at(-1)).toBe(`${at("config")}/config.yaml`);
    const [claim] = documents("kubernetes/base/volume.yaml");
    const spool = (pod.volumes as Manifest[]).find(({ name }) => name === "spool");
    expect(spool.persistentVolumeClaim.claimName).toBe(claim.metadata.name);
    expect([deployment.spec.replicas, deployment.spec.strategy.type]).toEqual([1, "Recreate"]);
  });

  test("the probes call the image's own program", () => {
    const dockerfile = readFileSync(join(DEPLOY, "../Dockerfile"), "utf8");
    const [node, main] = bridge.livenessProbe.exec.command as string[];
    expect(dockerfile).toContain(`ENTRYPOINT ["${node}", "${main}"]`);
  });

  test("labels that are selected are those of the pod", () => {
    const { labels } = deployment.spec.template.metadata;
    const [policy] = documents("kubernetes/base/network-policy.yaml");
    expect(labels).toMatchObject(deployment.spec.selector.matchLabels as object);
    expect(labels).toMatchObject(policy.spec.podSelector.matchLabels as object);
    expect(policy.spec.policyTypes).toEqual(["Ingress", "Egress"]);
  });
});

describe("deploy/compose", () => {
  const [compose] = documents("compose/compose.yaml");

  test("runs the bridge without rights, its root read-only, its spool on a volume", () => {
    const service = compose.services.s1bridge;
    expect(service).toMatchObject({ read_only: true, cap_drop: ["ALL"], user: "1000:1000", restart: "always" });
    expect(service.volumes).toContain("spool:/var/lib/s1bridge");
    expect(Object.keys(compose.volumes as object)).toEqual(["spool", "received"]);
  });

  test("names files that are there, but for the token, which is the operator's", () => {
    const files = Object.values(compose.services as Record<string, Manifest>)
      .flatMap(({ volumes }) => volumes as string[])
      .flatMap((volume) => (volume.startsWith("./") ? [volume.split(":")[0] ?? ""] : []));
    expect(files.filter((path) => !existsSync(join(DEPLOY, "compose", path)))).toEqual([]);
    expect(compose.secrets).toEqual({ "acme-token": { file: "./token" } });
  });
});
