import * as z from "zod";
import { FEED_NAMES, OWN_FEED } from "../../event/event.ts";
import { evenIfFaulty, expected, label, listOf, nameOrId, notes, wholeNumber } from "../values.ts";

/** What a path's value may be made into before it is written. The same names as in message/fields.ts. */
export const FIELD_TRANSFORMS = ["lower", "upper", "first", "count", "file_name"] as const;

function match() {
  return z
    .strictObject(
      {
        consoles: listOf(label()).meta(notes({ description: "Consoles by their `name`.", form: "list of names" })),
        accounts: listOf(nameOrId()).meta(
          notes({ description: "Accounts. In names `*` stands for any text and `?` for one character.", form: SCOPES }),
        ),
        sites: listOf(nameOrId()).meta(notes({ description: "Sites, in the same form.", form: SCOPES })),
        groups: listOf(nameOrId()).meta(notes({ description: "Groups, in the same form.", form: SCOPES })),
        feeds: listOf(z.enum([...FEED_NAMES, OWN_FEED])).meta(
          notes({
            description: "Feeds; `bridge` stands for heartbeats and notices, which have no account, site or group.",
            form: "list of feed names",
          }),
        ),
        types: listOf(nameOrId()).meta(
          notes({
            description: "Activity types such as `19`, or class ids such as `threats.new` or `threats.*`.",
            form: "list",
          }),
        ),
        min_severity: wholeNumber(0, 10)
          .default(0)
          .meta(notes({ description: "The lowest CEF severity that is sent, 0 to 10." })),
      },
      expected("a mapping of match lists"),
    )
    .prefault({})
    .meta(
      notes({
        description:
          "Which events this collector gets. Every list that is not empty must hold; empty means all. What an event does not have, such as the site of a console user's login, does not hold.",
        example: { sites: ["Example Site"] },
        shown: false,
      }),
    );
}

const SCOPES = "list of names, patterns or ids";

const PATH_FORM = "a path in the record such as threatInfo.sha1";

function field() {
  const keys = z.strictObject(
    {
      path: z.string(expected(PATH_FORM)).min(1, expected(PATH_FORM)).optional(),
      value: z.string(expected("a text")).min(1, expected("a text")).optional(),
      as: z.enum(FIELD_TRANSFORMS).optional(),
      label: z.string(expected("a text")).min(1, expected("a text")).max(1023).optional(),
    },
    expected(`${PATH_FORM}, or a mapping of path or value, as and label`),
  );
  const checked = evenIfFaulty(keys, (value, fault) => {
    const { path, value: constant } = value as { path?: unknown; value?: unknown };
    if ((path === undefined) === (constant === undefined)) fault([], "expected either path or value");
  });
  return z.preprocess((value) => (typeof value === "string" ? { path: value } : value), checked);
}

function fields() {
  return z
    .record(
      z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,62}$/, expected("an extension key: letters and digits")),
      field(),
      expected("a mapping of extension keys to paths in the record"),
    )
    .prefault({})
    .meta(
      notes({
        description:
          "Extension keys to add or override, each with the path of its value in the record (`@console` and `@feed` for those), or a mapping: `path` or a constant `value`, `as` one of `lower`, `upper`, `first`, `count`, `file_name`, and `label` for keys such as `cs1`. Where the path has no value the key stays as it was.",
        form: "map of key to path or mapping",
        example: { cs6: "agentDetectionInfo.agentVersion", S1tenant: { value: "tenant-7" } },
        shown: false,
      }),
    );
}

/** The keys of a collector that say which events it gets, and what is added to them. */
export function routing() {
  return {
    match: match(),
    default: z
      .boolean()
      .default(false)
      .meta(
        notes({
          description:
            "Takes the events that no other collector matched. Without one they are discarded and counted by site.",
          example: true,
          shown: false,
        }),
      ),
    fields: fields(),
  };
}
