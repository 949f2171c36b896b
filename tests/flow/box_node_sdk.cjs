// Uploads a file with Box's own JavaScript SDK; prints the stored file's id, name, size and SHA-1 as JSON.
// Arguments: origin of the server, token, call, path of the file, its name, and for a version the id of the stored file.
const fs = require("fs");
const { BoxClient, BoxDeveloperTokenAuth } = require("box-node-sdk");

const [origin, token, call, path, name, fileId] = process.argv.slice(2);
const api = `${origin}/api`;
const client = new BoxClient({ auth: new BoxDeveloperTokenAuth({ token }) }).withCustomBaseUrls({
  baseUrl: api,
  uploadUrl: api,
});
const { size } = fs.statSync(path);
const file = fs.createReadStream(path);
const parent = { id: "0" };
const only = ({ entries: [stored] }) => stored;

const calls = {
  uploadFile: () => client.uploads.uploadFile({ attributes: { name, parent }, file }).then(only),
  uploadWithPreflightCheck: () =>
    client.uploads.uploadWithPreflightCheck({ attributes: { name, parent, size }, file }).then(only),
  uploadFileVersion: () => client.uploads.uploadFileVersion(fileId, { attributes: { name }, file }).then(only),
  uploadBigFile: () => client.chunkedUploads.uploadBigFile(file, name, size, parent.id),
};

calls[call]()
  .then(({ id, name, size, sha1 }) => console.log(JSON.stringify({ id, name, size, sha1 })))
  .catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
