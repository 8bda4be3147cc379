/** Only what this host serves; the style sheet draws its icons from data: URLs. */
export const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Swagger UI over the OpenAPI document of the same host. Asks for the token, which a browser cannot show when it opens a page. */
export const DOCS_PAGE = `<!doctype html>
<html lang="en">
  <meta charset="utf-8" />
  <title>opencode-gateway</title>
  <link rel="stylesheet" href="docs/swagger-ui.css" />
  <form id="access" hidden>
    <label>Bearer token <input id="token" type="password" autocomplete="off" required /></label>
    <button>Show</button>
  </form>
  <div id="docs"></div>
  <script src="docs/swagger-ui-bundle.js"></script>
  <script src="docs/docs.js"></script>
</html>
`;

/** Runs in the browser. The token is kept in the page alone. */
export const DOCS_SCRIPT = `const access = document.getElementById('access');

async function show(token) {
  const answer = await fetch('openapi.json', token ? { headers: { authorization: 'Bearer ' + token } } : {});
  access.hidden = answer.status !== 401;
  if (!answer.ok) return;
  const ui = SwaggerUIBundle({
    spec: await answer.json(),
    dom_id: '#docs',
    deepLinking: true,
    validatorUrl: null,
    onComplete: () => token && ui.preauthorizeApiKey('bearer', token),
  });
}

access.addEventListener('submit', (event) => {
  event.preventDefault();
  show(document.getElementById('token').value);
});
show();
`;
