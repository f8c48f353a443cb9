/** What we use of it; the types of Node have none of its values. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: Imports) => { readonly exports: unknown };
};

type Imports = Readonly<Record<string, object>>;

/** A module that is compiled when it is needed first, once for each thread. An instance has a memory of its own. */
export class LazyModule<E extends object> {
  readonly #base64: string;
  #compiled: object | undefined;

  constructor(base64: string) {
    this.#base64 = base64;
  }

  instantiate(imports: Imports = {}): E {
    this.#compiled ??= new WebAssembly.Module(Buffer.from(this.#base64, "base64"));
    return withShape(new WebAssembly.Instance(this.#compiled, imports).exports as E);
  }
}

/**
 * The object that comes is a dictionary, in which the function would be looked up at each call: 0.5 µs for each event. V8 makes
 * one of a fixed shape out of an object that others inherit from.
 */
function withShape<E extends object>(exports: E): E {
  return Object.create({ ...exports }) as E;
}
