// A worker: bitmaps in, JPEG bytes out. In the page's own thread a browser may put encoding off until it is idle.

let canvas = null;

onmessage = async ({ data }) => {
  const { token, bitmap, width, height, quality } = data;
  canvas ??= new OffscreenCanvas(width, height);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  canvas.getContext("2d", { alpha: false }).drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  const blob = await canvas.convertToBlob({ type: "image/jpeg", quality });
  const jpeg = await blob.arrayBuffer();
  postMessage({ token, jpeg }, [jpeg]);
};
