/** Bodies as live consoles send them, byte for byte where one was recorded. */
export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const HTML = { "content-type": "text/html" };

export const unauthorized: Answer = {
  status: 401,
  body: '{"errors":[{"code":4010010,"detail":null,"title":"Authentication Failed"}]}',
};

export const notFound: Answer = {
  status: 404,
  body: '{"errors":[{"code":4040010,"detail":"","title":"Requested resource was not found"}]}',
};

export const notImplemented: Answer = {
  status: 501,
  body: '{"errors":[{"code":5010010,"detail":null,"title":"Not supported"}]}',
};

export const methodNotAllowed: Answer = {
  status: 405,
  body: '{"errors":[{"code":4050010,"detail":null,"title":"Method not allowed"}]}',
  headers: { allow: "GET" },
};

export const internalError: Answer = {
  status: 500,
  body: '{"errors":[{"code":5000010,"detail":"Server could not process the request.","title":"Internal server error"}]}',
};

/** Our refusal to ignore a filter silently: the real console knows it, this one does not apply it. */
export function notSupported(parameter: string): Answer {
  return failure(501, 5010010, `${parameter}: not applied by the embedded console`, "Not supported");
}

export function forbidden(detail: string | null = "User does not have required permissions."): Answer {
  return failure(403, 4030010, detail, "Insufficient permissions");
}

/** Every refusal of a parameter, the cursor included, has this code; only the detail tells them apart. */
export function invalid(detail: string): Answer {
  return failure(400, 4000010, detail, "Validation Error");
}

export function nginxPage(status: number, title: string, headers: Readonly<Record<string, string>> = {}): Answer {
  const body = [
    "<html>",
    `<head><title>${status} ${title}</title></head>`,
    "<body>",
    `<center><h1>${status} ${title}</h1></center>`,
    "<hr><center>nginx</center>",
    "</body>",
    "</html>",
    "",
  ].join("\r\n");
  return { status, body, headers: { ...HTML, ...headers } };
}

export const loginPage: Answer = {
  status: 200,
  body: "<!doctype html><html><head><title>Sign in</title></head><body><form action=/login></form></body></html>",
  headers: HTML,
};

function failure(status: number, code: number, detail: string | null, title: string): Answer {
  return { status, body: JSON.stringify({ errors: [{ code, detail, title }] }) };
}
