/**
 * As much of KQL as deploy/sentinel/SentinelOne.kql needs, to run the very file that is shipped: a table, `where`,
 * `summarize arg_min(TimeGenerated, *) by KEY`, and `extend NAME = EXPRESSION`. Anything else is an error.
 */
export type KqlValue = string | number | boolean | Date | undefined;
export type KqlRow = Readonly<Record<string, KqlValue>>;

/** Runs a query over the rows of its table; a column that a row does not have is an empty string. */
export function runKql(query: string, rows: readonly KqlRow[]): readonly KqlRow[] {
  const statements = query
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("//"))
    .join("\n")
    .split(/\n(?=\| )/)
    .slice(1);
  let current = rows;
  for (const statement of statements) current = runStatement(statement.slice(2), current);
  return current;
}

function runStatement(statement: string, rows: readonly KqlRow[]): readonly KqlRow[] {
  const [, operator = "", rest = ""] = /^(\w+) ([^]*)$/.exec(statement.trim()) ?? [];
  if (operator === "where") return rows.filter((row) => evaluate(rest, row) === true);
  if (operator === "extend") {
    const [, name = "", expression = ""] = /^(\w+) = ([^]*)$/.exec(rest) ?? [];
    return rows.map((row) => ({ ...row, [name]: evaluate(expression, row) }));
  }
  const [, key] = /^arg_min\(TimeGenerated, \*\) by (\w+)$/.exec(rest) ?? [];
  if (operator === "summarize" && key !== undefined) return firstOfEach(key, rows);
  throw new Error(`not supported: ${statement}`);
}

function firstOfEach(key: string, rows: readonly KqlRow[]): readonly KqlRow[] {
  const first = new Map<KqlValue, KqlRow>();
  for (const row of rows) {
    const known = first.get(row[key]);
    if (known === undefined || Number(row["TimeGenerated"]) < Number(known["TimeGenerated"])) first.set(row[key], row);
  }
  return [...first.values()];
}

const TOKEN = /\s*(?:(@?"(?:[^"])*"|@?'[^']*')|(\d+(?:\.\d+)?)|([A-Za-z_]\w*)|(==|=~|!=|[(),]))/y;

/** Evaluates an expression for one row. */
export function evaluate(expression: string, row: KqlRow): KqlValue {
  const tokens = tokensOf(expression);
  const value = readOr(tokens, row);
  if (tokens.length > 0) throw new Error(`left over: ${tokens.join(" ")}`);
  return value;
}

function tokensOf(expression: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (expression.slice(TOKEN.lastIndex).trim() !== "") {
    const at = TOKEN.lastIndex;
    const match = TOKEN.exec(expression);
    if (match === null) throw new Error(`not understood: ${expression.slice(at)}`);
    tokens.push(match[0].trim());
  }
  return tokens;
}

function readOr(tokens: string[], row: KqlRow): KqlValue {
  let value = readAnd(tokens, row);
  while (tokens[0] === "or") {
    tokens.shift();
    const right = readAnd(tokens, row);
    value = value === true || right === true;
  }
  return value;
}

function readAnd(tokens: string[], row: KqlRow): KqlValue {
  let value = readComparison(tokens, row);
  while (tokens[0] === "and") {
    tokens.shift();
    const right = readComparison(tokens, row);
    value = value === true && right === true;
  }
  return value;
}

function readComparison(tokens: string[], row: KqlRow): KqlValue {
  const left = readTerm(tokens, row);
  const [operator] = tokens;
  if (operator === "==" || operator === "=~" || operator === "!=") {
    tokens.shift();
    const right = readTerm(tokens, row);
    if (operator === "=~") return String(left).toLowerCase() === String(right).toLowerCase();
    return operator === "==" ? left === right : left !== right;
  }
  if (operator === "has_all") {
    tokens.shift();
    return readList(tokens, row).every((word) => hasTerm(String(left), String(word)));
  }
  return left;
}

/** `has`: a whole term, in any letters. */
function hasTerm(text: string, word: string): boolean {
  return text
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .includes(word.toLowerCase());
}

function readTerm(tokens: string[], row: KqlRow): KqlValue {
  const token = tokens.shift() ?? "";
  if (/^@?["']/.test(token)) return token.replace(/^@/, "").slice(1, -1);
  if (/^\d/.test(token)) return Number(token);
  if (tokens[0] === "(") return call(token, readList(tokens, row));
  if (!/^\w+$/.test(token)) throw new Error(`not supported: ${token}`);
  return Object.hasOwn(row, token) ? row[token] : "";
}

function readList(tokens: string[], row: KqlRow): KqlValue[] {
  if (tokens.shift() !== "(") throw new Error("( expected");
  const values: KqlValue[] = [];
  while (tokens[0] !== ")") {
    values.push(readOr(tokens, row));
    if (tokens[0] === ",") tokens.shift();
  }
  tokens.shift();
  return values;
}

function call(name: string, values: readonly KqlValue[]): KqlValue {
  const [first, second, third] = values;
  switch (name) {
    case "extract":
      return new RegExp(String(first), "u").exec(String(third))?.[Number(second)] ?? "";
    case "iff":
      return first === true ? second : third;
    case "case": {
      const at = values.findIndex((value, index) => index % 2 === 0 && value === true);
      return at === -1 ? values.at(-1) : values[at + 1];
    }
    case "strcat":
      return values.join("");
    case "coalesce":
      return values.find((value) => value !== undefined && value !== "");
    case "isnotempty":
      return first !== undefined && first !== "";
    case "toreal":
    case "tolong":
      return first === "" || first === undefined ? undefined : Number(first);
    case "unixtime_milliseconds_todatetime":
      return first === undefined ? undefined : new Date(Number(first));
    default:
      throw new Error(`not supported: ${name}()`);
  }
}
