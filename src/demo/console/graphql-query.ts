/** As much of a GraphQL query's syntax as a client of the alerts needs: one operation, arguments, selections, variables. */
export interface Field {
  readonly name: string;
  readonly alias: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly selection: readonly Field[] | undefined;
}

/** Reads the operation of a document, with its variables put in. Throws `SyntaxError` for what it can not read. */
export function readOperation(text: string, variables: Readonly<Record<string, unknown>>): readonly Field[] {
  return new Reader(text, variables).operation();
}

const TOKEN = /[\s,]*(?:#[^\n]*\n[\s,]*)*(\.\.\.|[!$():=@[\]{|}]|-?\d+(?:\.\d+)?|\w+|"(?:[^"\\]|\\.)*"|$)/y;

class Reader {
  readonly #text: string;
  readonly #variables: Readonly<Record<string, unknown>>;
  #token = "";
  #at = 0;

  constructor(text: string, variables: Readonly<Record<string, unknown>>) {
    this.#text = text;
    this.#variables = variables;
    this.#next();
  }

  operation(): readonly Field[] {
    if (this.#is("query")) {
      this.#next();
      if (!this.#is("{") && !this.#is("(")) this.#next();
      if (this.#is("(")) this.#skipDefinitions();
    }
    const selection = this.#selection();
    if (this.#token !== "") this.#fail();
    return selection;
  }

  /** The variables' types are the server's business; what counts is that each has a value where it is used. */
  #skipDefinitions(): void {
    while (this.#token !== ")") {
      if (this.#token === "") this.#fail();
      this.#next();
    }
    this.#next();
  }

  #selection(): readonly Field[] {
    this.#take("{");
    const fields: Field[] = [];
    while (this.#token !== "}") fields.push(this.#field());
    this.#next();
    return fields;
  }

  #field(): Field {
    let name = this.#name();
    const alias = name;
    if (this.#token === ":") {
      this.#next();
      name = this.#name();
    }
    const args = this.#token === "(" ? this.#members("(", ")") : {};
    return { name, alias, args, selection: this.#token === "{" ? this.#selection() : undefined };
  }

  #members(open: string, close: string): Record<string, unknown> {
    this.#take(open);
    const members: Record<string, unknown> = {};
    while (this.#token !== close) {
      const name = this.#name();
      this.#take(":");
      members[name] = this.#value();
    }
    this.#next();
    return members;
  }

  #value(): unknown {
    const token = this.#token;
    if (token === "{") return this.#members("{", "}");
    if (token === "[") return this.#list();
    this.#next();
    if (token === "$") return this.#variables[this.#name()] ?? null;
    if (token === "null") return null;
    if (token === "true" || token === "false") return token === "true";
    if (token.startsWith('"')) return JSON.parse(token) as string;
    if (/^-?\d/.test(token)) return Number(token);
    return /^\w+$/.test(token) ? token : this.#fail(token);
  }

  #list(): unknown[] {
    this.#take("[");
    const items: unknown[] = [];
    while (this.#token !== "]") items.push(this.#value());
    this.#next();
    return items;
  }

  #name(): string {
    const token = this.#token;
    if (!/^[A-Za-z_]\w*$/.test(token)) this.#fail();
    this.#next();
    return token;
  }

  #is(token: string): boolean {
    return this.#token === token;
  }

  #take(token: string): void {
    if (this.#token !== token) this.#fail();
    this.#next();
  }

  #next(): void {
    TOKEN.lastIndex = this.#at;
    const match = TOKEN.exec(this.#text);
    if (match === null) this.#fail(this.#text.slice(this.#at, this.#at + 10));
    this.#token = match?.[1] ?? "";
    this.#at = TOKEN.lastIndex;
  }

  #fail(token = this.#token): never {
    throw new SyntaxError(`Invalid syntax with offending token '${token === "" ? "<EOF>" : token}'`);
  }
}
