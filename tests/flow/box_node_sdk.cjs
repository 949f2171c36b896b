// Uploads a file with Box's own JavaScript SDK; prints the stored file's id, name, size and SHA-1 as JSON.
const fs = require("fs");
const { BoxClient, BoxDeveloperTokenAuth } = require("box-node-sdk");

const [origin, token, path, name] = process.argv.slice(2);
const api = `${origin}/api`;
const client = new BoxClient({ auth: new BoxDeveloperTokenAuth({ token }) }).withCustomBaseUrls({
  baseUrl: api,
  uploadUrl: api,
});

client.chunkedUploads
  .uploadBigFile(fs.createReadStream(path), name, fs.statSync(path).size, "0")
  .then(({ id, name, size, sha1 }) => console.log(JSON.stringify({ id, name, size, sha1 })))
  .catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
