/*
 * ocr_engine.c - role ocr only; hostile images. Decides before any decoder sees the bytes: format and pixels by our own
 * readers (image.c); decoding and recognition by leptonica and tesseract, whose failures end the process at worst.
 */
#include "ocr_engine.h"

#include <dlfcn.h>
#include <leptonica/allheaders.h>
#include <stdlib.h>
#include <string.h>
#include <tesseract/capi.h>

#include "err.h"
#include "image.h"
#include "ocr_sample.h"

#define LINES_MAX 5000u
#define LINE_BYTES_MAX 4000u
#define WIDE_MAX 2600u    /* an enlarged picture is at most this wide: letters of screens are legible from there on */
#define DARK 110.0f       /* mean grey below which a picture is light on dark */
#define JPEG_PIXELS_MAX ((uint64_t)64 << 20)

/* The functions that are used, each with its own type. */
#define ENGINE_FUNCTIONS(F) \
	F(TessBaseAPICreate) F(TessBaseAPIDelete) F(TessBaseAPIEnd) F(TessBaseAPIInit2) F(TessBaseAPISetVariable) \
	F(TessBaseAPISetPageSegMode) F(TessBaseAPISetImage2) F(TessBaseAPISetSourceResolution) F(TessBaseAPIRecognize) \
	F(TessBaseAPIGetIterator) F(TessBaseAPIClear) F(TessBaseAPIGetLoadedLanguagesAsVector) F(TessDeleteTextArray) \
	F(TessDeleteText) F(TessMonitorCreate) F(TessMonitorDelete) F(TessMonitorSetDeadlineMSecs) F(TessResultIteratorDelete) \
	F(TessResultIteratorNext) F(TessResultIteratorGetUTF8Text) F(TessResultIteratorConfidence) \
	F(TessResultIteratorGetPageIteratorConst) F(TessPageIteratorBoundingBox)
#define IMAGE_FUNCTIONS(F) \
	F(setMsgSeverity) F(pixReadMem) F(pixReadMemJpeg) F(pixConvertTo8) F(pixScale) F(pixInvert) F(pixDestroy) \
	F(pixGetAverageMasked) F(pixGetWidth) F(pixGetHeight) F(pixRemoveAlpha) F(pixGetDepth)
#define DECLARE(name) __typeof__(name) *name;

struct ocr_engine {
	void *tesseract, *leptonica;
	struct { ENGINE_FUNCTIONS(DECLARE) } t;
	struct { IMAGE_FUNCTIONS(DECLARE) } l;
	TessBaseAPI *api;
	ETEXT_DESC *monitor;
};

/* ---- loading ---- */

/* dlsym() gives an object pointer; POSIX lets it be one to a function. */
static bool bind(void *lib, const char *name, void *slot, const char **why)
{
	void *symbol = dlsym(lib, name);

	memcpy(slot, &symbol, sizeof symbol);
	if (symbol == NULL)
		*why = name;
	return symbol != NULL;
}

static bool bind_all(struct ocr_engine *e, const char **why)
{
#define BIND_T(name) && bind(e->tesseract, #name, &e->t.name, why)
#define BIND_L(name) && bind(e->leptonica, #name, &e->l.name, why)
	return true ENGINE_FUNCTIONS(BIND_T) IMAGE_FUNCTIONS(BIND_L);
}

/* Every language that was asked for must be there: tesseract itself is content with one of them. */
static bool all_loaded(struct ocr_engine *e, const char *languages)
{
	char **list = e->t.TessBaseAPIGetLoadedLanguagesAsVector(e->api);
	size_t wanted = 1, n = 0;

	for (const char *at = languages; (at = strchr(at, '+')) != NULL; at++)
		wanted++;
	while (list != NULL && list[n] != NULL)
		n++;
	e->t.TessDeleteTextArray(list);
	return n >= wanted;
}

static int start(struct ocr_engine *e, const char *languages, const char **why)
{
	struct ocr_page page = {0};
	struct ocr_limits limits = {1 << 20, 5000};

	e->l.setMsgSeverity(L_SEVERITY_NONE);
	if ((e->api = e->t.TessBaseAPICreate()) == NULL || (e->monitor = e->t.TessMonitorCreate()) == NULL)
		return VG_ERR_MEMORY;
	*why = "the language data cannot be loaded";
	if (e->t.TessBaseAPIInit2(e->api, NULL, languages, OEM_LSTM_ONLY) != 0)
		return VG_ERR_SYSTEM;
	*why = "a language is not installed";
	if (!all_loaded(e, languages))
		return VG_ERR_SYSTEM;
	e->t.TessBaseAPISetVariable(e->api, "debug_file", "/dev/null");
	e->t.TessBaseAPISetPageSegMode(e->api, PSM_SPARSE_TEXT);
	*why = "it does not read its own picture";
	if (ocr_engine_read(e, ocr_sample, sizeof ocr_sample, &limits, &page) != VG_OK)
		return VG_ERR_SYSTEM;
	ocr_page_free(&page);
	return VG_OK;
}

int ocr_engine_open(struct ocr_engine **out, const char *languages, const char **why)
{
	struct ocr_engine *e = calloc(1, sizeof *e);
	int err = VG_ERR_SYSTEM;

	*why = "out of memory";
	if ((*out = e) == NULL)
		return VG_ERR_MEMORY;
	/* Read once, when the library comes in. */
	setenv("OMP_THREAD_LIMIT", "1", 1);
	e->leptonica = dlopen("liblept.so.5", RTLD_NOW | RTLD_LOCAL);
	e->tesseract = e->leptonica != NULL ? dlopen("libtesseract.so.5", RTLD_NOW | RTLD_LOCAL) : NULL;
	if (e->tesseract == NULL)
		*why = dlerror();
	else if (bind_all(e, why))
		err = start(e, languages, why);
	if (err != VG_OK)
		ocr_engine_close(out);
	return err;
}

/* The libraries stay: what they registered may run at exit. */
void ocr_engine_close(struct ocr_engine **e)
{
	if (*e == NULL)
		return;
	if ((*e)->monitor != NULL)
		(*e)->t.TessMonitorDelete((*e)->monitor);
	if ((*e)->api != NULL) {
		(*e)->t.TessBaseAPIEnd((*e)->api);
		(*e)->t.TessBaseAPIDelete((*e)->api);
	}
	free(*e);
	*e = NULL;
}

/* ---- pictures ---- */

static PIX *decode(struct ocr_engine *e, const unsigned char *image, size_t len, const struct image *head,
    uint64_t pixels_max)
{
	l_int32 reduction = 1, warnings = 0;
	uint64_t pixels = (uint64_t)head->width * head->height;

	while (reduction < 8 && pixels / ((uint64_t)reduction * (uint64_t)reduction) > pixels_max)
		reduction *= 2;
	if (head->format == IMAGE_JPEG)
		return e->l.pixReadMemJpeg(image, len, 0, reduction, &warnings, 0);
	return e->l.pixReadMem(image, len);
}

/* Replaces *p by what was made of it. */
static bool become(struct ocr_engine *e, PIX **p, PIX *made)
{
	e->l.pixDestroy(p);
	*p = made;
	return made != NULL;
}

/* Grey, dark on light, enlarged: what tesseract reads best (screens have letters of 8 to 12 pixels). *scale: how much. */
static PIX *prepare(struct ocr_engine *e, PIX *p, unsigned *scale)
{
	l_float32 mean = 255;
	uint32_t width = (uint32_t)e->l.pixGetWidth(p);

	*scale = width * 3 <= WIDE_MAX ? 3 : width * 2 <= WIDE_MAX ? 2 : 1;
	if (e->l.pixGetDepth(p) == 32 && !become(e, &p, e->l.pixRemoveAlpha(p)))
		return NULL;
	if (!become(e, &p, e->l.pixConvertTo8(p, 0)))
		return NULL;
	if (e->l.pixGetAverageMasked(p, NULL, 0, 0, 4, L_MEAN_ABSVAL, &mean) == 0 && mean < DARK)
		e->l.pixInvert(p, p);
	if (*scale > 1 && !become(e, &p, e->l.pixScale(p, (l_float32)*scale, (l_float32)*scale)))
		return NULL;
	return p;
}

/* ---- lines ---- */

static int take_line(struct ocr_page *page, struct ocr_engine *e, TessResultIterator *it, double factor)
{
	char *text = e->t.TessResultIteratorGetUTF8Text(it, RIL_TEXTLINE);
	int left = 0, top = 0, right = 0, bottom = 0;
	size_t len = text != NULL ? strnlen(text, LINE_BYTES_MAX) : 0;
	char *copy = len > 0 ? strndup(text, len) : NULL;

	if (text != NULL)
		e->t.TessDeleteText(text);
	if (len == 0)
		return VG_OK;
	if (copy == NULL)
		return VG_ERR_MEMORY;
	e->t.TessPageIteratorBoundingBox(e->t.TessResultIteratorGetPageIteratorConst(it), RIL_TEXTLINE, &left, &top, &right, &bottom);
	page->lines[page->n++] = (struct dialog_line){.text = copy, .len = len, .x = (int)(left * factor), .y = (int)(top * factor),
		.w = (int)((right - left) * factor), .h = (int)((bottom - top) * factor),
		.confidence = (int)e->t.TessResultIteratorConfidence(it, RIL_TEXTLINE)};
	return VG_OK;
}

static int take_lines(struct ocr_page *page, struct ocr_engine *e, double factor)
{
	TessResultIterator *it = e->t.TessBaseAPIGetIterator(e->api);
	int err = VG_OK;

	if (it == NULL) /* no text at all */
		return VG_OK;
	if ((page->lines = calloc(LINES_MAX, sizeof *page->lines)) == NULL)
		err = VG_ERR_MEMORY;
	while (err == VG_OK && page->n < LINES_MAX) {
		err = take_line(page, e, it, factor);
		if (!e->t.TessResultIteratorNext(it, RIL_TEXTLINE))
			break;
	}
	e->t.TessResultIteratorDelete(it);
	return err;
}

static int recognise(struct ocr_engine *e, PIX *p, unsigned scale, int64_t time_ms, struct ocr_page *page)
{
	double factor = e->l.pixGetWidth(p) > 0 ? (double)page->width / e->l.pixGetWidth(p) : 1;
	int err;

	e->t.TessBaseAPISetImage2(e->api, p);
	e->t.TessBaseAPISetSourceResolution(e->api, (int)(96 * scale));
	e->t.TessMonitorSetDeadlineMSecs(e->monitor, (int)time_ms);
	/* Non-zero: the time is over; what was read by then can be used. */
	page->cut = e->t.TessBaseAPIRecognize(e->api, e->monitor) != 0;
	err = take_lines(page, e, factor);
	e->t.TessBaseAPIClear(e->api);
	return err;
}

int ocr_engine_read(struct ocr_engine *e, const void *image, size_t len, const struct ocr_limits *limits, struct ocr_page *out)
{
	struct image head;
	unsigned char *first = NULL;
	unsigned scale;
	uint64_t most;
	PIX *p;
	int err = image_head(&head, image, len);

	memset(out, 0, sizeof *out);
	if (err != VG_OK)
		return err;
	out->width = head.width;
	out->height = head.height;
	most = head.format == IMAGE_JPEG && limits->pixels < JPEG_PIXELS_MAX ? JPEG_PIXELS_MAX : limits->pixels;
	if ((uint64_t)head.width * head.height > most)
		return VG_ERR_LIMIT;
	if (head.format == IMAGE_GIF && (err = image_first_frame(&first, &len, image, len)) != VG_OK)
		return err;
	p = decode(e, first != NULL ? first : image, len, &head, limits->pixels);
	free(first);
	if (p == NULL || (p = prepare(e, p, &scale)) == NULL)
		return VG_ERR_SYNTAX;
	err = recognise(e, p, scale, limits->time_ms, out);
	e->l.pixDestroy(&p);
	return err;
}

void ocr_page_free(struct ocr_page *p)
{
	for (size_t i = 0; i < p->n; i++)
		free((char *)(uintptr_t)p->lines[i].text);
	free(p->lines);
	memset(p, 0, sizeof *p);
}
