// A worker: bitmaps in, JPEG bytes out. In the page's own thread a browser may put encoding off until it is idle.

let canvas = null;

const encode = async ({ bitmap, width, height, quality }) => {
  canvas ??= new OffscreenCanvas(width, height);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  canvas.getContext("2d", { alpha: false }).drawImage(bitmap, 0, 0, width, height);
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality });
  return blob.arrayBuffer();
};

// `jpeg` is null where this browser could not make one: the page must not wait for it.
onmessage = async ({ data }) => {
  const jpeg = await encode(data).catch(() => null);
  data.bitmap.close();
  postMessage({ token: data.token, jpeg }, jpeg ? [jpeg] : []);
};
