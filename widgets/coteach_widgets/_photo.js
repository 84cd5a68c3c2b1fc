// A photo made small in the browser. Drawing it anew leaves out everything that a camera writes
// beside a picture: place, time, device.

const LONGEST = 1280;
export const MOST_PHOTO = 60_000; // bytes

async function decode(file) {
  if (globalThis.createImageBitmap) {
    try { return await createImageBitmap(file, { imageOrientation: "from-image" }); } catch { /* below */ }
  }
  const address = URL.createObjectURL(file);
  try {
    const picture = new Image();
    picture.src = address;
    await picture.decode();
    return picture;
  } finally {
    URL.revokeObjectURL(address);
  }
}

/** Return a JPEG of at most 60 kB, or throw where the file is no picture. */
export async function smallJpeg(file) {
  const picture = await decode(file);
  const [wide, high] = [picture.naturalWidth ?? picture.width, picture.naturalHeight ?? picture.height];
  if (!wide || !high) throw new Error("empty");
  const canvas = document.createElement("canvas");
  let scale = Math.min(1, LONGEST / Math.max(wide, high));
  for (let round = 0; round < 6; round++) {
    canvas.width = Math.max(1, Math.round(wide * scale));
    canvas.height = Math.max(1, Math.round(high * scale));
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff"; // what is transparent would come out black
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    for (const quality of [0.8, 0.65, 0.5, 0.4]) {
      const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
      if (blob && blob.size <= MOST_PHOTO) return blob;
    }
    scale *= 0.7;
  }
  throw new Error("too large");
}
