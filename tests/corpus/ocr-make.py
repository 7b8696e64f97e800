"""Made the pictures ocr-*.png, .jpg, .gif and .bmp beside it (python3-pil, fonts-liberation, fonts-dejavu-core).

They are kept as files, so that no test depends on fonts. Run by hand to change them.
"""
import pathlib
import tarfile
import zipfile

from PIL import Image, ImageDraw, ImageFont
D='/usr/share/fonts/truetype/'
SANS='liberation/LiberationSans-Regular.ttf'; BOLD='liberation/LiberationSans-Bold.ttf'; DJ='dejavu/DejaVuSans.ttf'; MONO='dejavu/DejaVuSansMono.ttf'
def font(n,s): return ImageFont.truetype(D+n,s)

def box(title, lines, buttons, size=(430,170), face=SANS, px=12, back=(255,255,255), bar=(240,240,240), ink=(0,0,0), icon=(200,20,30)):
    """A message box: title bar, icon, text, buttons."""
    w,h=size; im=Image.new('RGB',size,back); d=ImageDraw.Draw(im); f=font(face,px)
    d.rectangle((0,0,w,28),fill=bar); d.text((10,7),title,font=f,fill=ink)
    d.line((w-22,9,w-13,18),fill=ink); d.line((w-22,18,w-13,9),fill=ink)
    d.ellipse((20,48,52,80),fill=icon); d.line((29,57,43,71),fill='white',width=3); d.line((29,71,43,57),fill='white',width=3)
    for i,l in enumerate(lines): d.text((68,50+i*(px+4)),l,font=f,fill=ink)
    d.rectangle((0,h-44,w,h),fill=bar)
    for i,b in enumerate(reversed(buttons)):
        x=w-90*(i+1)-6; d.rectangle((x,h-34,x+78,h-10),outline=(120,120,120),fill=bar); d.text((x+39-d.textlength(b,font=f)/2,h-29),b,font=f,fill=ink)
    return im

def session():
    """The window of a finished backup job."""
    im=Image.new('RGB',(820,420),(255,255,255)); d=ImageDraw.Draw(im); f=font(SANS,12); b=font(BOLD,12)
    d.rectangle((0,0,820,28),fill=(230,230,230)); d.text((10,7),'Backup Job SQL-Daily (Incremental)',font=f,fill='black')
    d.text((16,40),'Job progress:',font=f,fill='black'); d.text((770,40),'100%',font=f,fill='black')
    for x,t in ((16,'SUMMARY'),(280,'DATA'),(540,'STATUS')): d.text((x,70),t,font=b,fill=(90,90,90))
    for y,(k,v) in enumerate((('Duration:','04:12'),('Processing rate:','88 MB/s'),('Bottleneck:','Source'))): d.text((16,92+18*y),k,font=f,fill='black'); d.text((130,92+18*y),v,font=f,fill='black')
    for y,(k,v) in enumerate((('Processed:','120 GB (100%)'),('Read:','20.1 GB'),('Transferred:','9.4 GB (2.1x)'))): d.text((280,92+18*y),k,font=f,fill='black'); d.text((380,92+18*y),v,font=f,fill='black')
    for y,(k,v) in enumerate((('Success:','3'),('Warnings:','0'),('Errors:','1'))): d.text((540,92+18*y),k,font=f,fill='black'); d.text((640,92+18*y),v,font=f,fill='black')
    d.text((16,170),'NAME',font=b,fill=(90,90,90)); d.text((120,170),'STATUS',font=b,fill=(90,90,90)); d.text((220,170),'ACTION',font=b,fill=(90,90,90)); d.text((750,170),'DURATION',font=b,fill=(90,90,90))
    rows=[('Job started at 11/23/2026 10:00:04 PM',''),('Building list of machines to process','0:00:08'),('Queued for processing at 11/23/2026 10:00:31 PM',''),
          ('Processing sql01 Error: Failed to connect to guest agent. Errors:','0:03:51'),("'Cannot connect to the host's administrative share. Host: [sql01.example.com].",''),('The network path was not found. Code: 53',''),('Job finished with error at 11/23/2026 10:04:16 PM','')]
    for i,(a,t) in enumerate(rows): d.text((220,192+20*i),a,font=f,fill='black'); d.text((756,192+20*i),t,font=f,fill='black')
    d.text((16,192),'sql01',font=f,fill='black'); d.text((120,192),'Failed',font=f,fill=(200,0,0))
    d.rectangle((720,380,806,408),outline=(120,120,120)); d.text((748,386),'Close',font=f,fill='black'); d.text((16,386),'Hide Details',font=f,fill='black')
    return im

def console():
    im=Image.new('RGB',(760,230),(1,36,86)); d=ImageDraw.Draw(im); f=font(MONO,12)
    t=['PS C:\\Users\\admin> Get-VBRBackupSession -Name "Daily"','Get-VBRBackupSession : Failed to connect to Veeam Backup & Replication server: No','connection could be made because the target machine actively refused it 192.0.2.15:9392','At line:1 char:1','+ Get-VBRBackupSession -Name "Daily"','+ ~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~','    + CategoryInfo          : NotSpecified: (:) [Get-VBRBackupSession], Exception','','PS C:\\Users\\admin> _']
    for i,l in enumerate(t): d.text((6,6+i*18),l,font=f,fill=(255,110,110) if 0<i<7 else (238,237,240))
    return im

def desktop():
    """A whole screen with a dialogue in the middle."""
    im=Image.new('RGB',(1280,720),(0,90,158)); d=ImageDraw.Draw(im); f=font(SANS,12)
    d.rectangle((60,40,1220,640),fill='white'); d.rectangle((60,40,1220,66),fill=(235,235,235)); d.text((70,46),'Veeam Backup and Replication',font=f,fill='black')
    for i,t in enumerate(('Home','View','Job','Help')): d.text((76+i*60,74),t,font=f,fill='black')
    for i,t in enumerate(('Jobs','Backup','Replicas','Last 24 Hours','Success','Warning','Failed')): d.text((84,130+22*i),t,font=f,fill='black')
    for i,t in enumerate(('Daily-SQL','Daily-Files','Weekly-Full','Copy-Offsite')): d.text((320,130+22*i),t,font=f,fill='black'); d.text((520,130+22*i),'Backup',font=f,fill='black'); d.text((660,130+22*i),'Stopped',font=f,fill='black')
    im.paste(box('Veeam Backup and Replication',['Unable to open the backup file. Error: The process cannot','access the file because it is being used by another process.','Failed to open storage for read/write access.'],['OK']),(430,250))
    d.rectangle((0,680,1280,720),fill=(20,20,20)); d.text((20,692),'Type here to search',font=f,fill=(200,200,200)); d.text((1200,684),'10:42 AM',font=f,fill='white'); d.text((1196,700),'11/24/2026',font=f,fill='white')
    return im

def all_windows():
    veeam=box('Veeam Backup and Replication',['Failed to connect to guest agent. Errors:',"'Cannot connect to the host's administrative share.",'Host: [sql01.example.com]. Account: [CORP\\backup].','The network path was not found.','Code: 53'],['OK'],(430,190))
    win=box('Services',['Windows could not start the Veeam Backup Service service on','Local Computer.','','Error 1053: The service did not respond to the start or control','request in a timely fashion.'],['OK'],(430,200))
    dark=box('Error',['The repository server backup01 is not reachable. Login failed for','user CORP\\svc_veeam: access is denied (0x80070005).'],['Retry','Cancel'],(450,160),DJ,11,(32,32,32),(45,45,45),(235,235,235))
    german=box('Fehler',['Der Dienst "Veeam Backup Service" konnte nicht gestartet werden.','Zugriff verweigert (Fehlercode 0x80070005).'],['Wiederholen','Abbrechen'],(460,160))
    info=box('Veeam Backup and Replication',['The configuration was saved successfully.','Do you want to run the job now?'],['Yes','No'],(430,150),icon=(0,90,200))
    return dict(veeam=veeam,windows=win,dark=dark,german=german,session=session(),console=console(),desktop=desktop(),info=info,logo=logo(),toast=toast(),linux=linux(),small=small_print())

def toast():
    """A notice in the corner of a screen."""
    im = Image.new('RGB', (380, 120), (31, 31, 31))
    d = ImageDraw.Draw(im)
    d.text((16, 14), 'Veeam Agent', font=font(BOLD, 12), fill='white')
    d.text((16, 40), 'Backup failed: Unable to perform application-aware', font=font(SANS, 12), fill=(220, 220, 220))
    d.text((16, 57), 'processing because VSS writers are in failed state.', font=font(SANS, 12), fill=(220, 220, 220))
    d.text((16, 90), 'Dismiss', font=font(SANS, 12), fill=(120, 180, 255))
    return im


def small_print():
    """A window made smaller than it was, as mail programs do."""
    im = box('Veeam Backup and Replication', ['Failed to connect to guest agent. Errors:',
             "'Cannot connect to the host's administrative share.", 'The network path was not found.', 'Code: 53'], ['OK'], (430, 190))
    return im.resize((322, 142), Image.LANCZOS)


def linux():
    im = Image.new('RGB', (900, 120), (0, 0, 0))
    d = ImageDraw.Draw(im)
    lines = ['root@lnx01:~# veeamconfig session log --id 3f2a',
             '2026-11-23 22:00:07 UTC {4a1c} [error] Failed to create snapshot: Operation not permitted',
             '2026-11-23 22:00:08 UTC {4a1c} [error] Failed to perform managed backup', 'root@lnx01:~#']
    for i, line in enumerate(lines):
        d.text((4, 4 + i * 20), line, font=font(MONO, 13), fill=(200, 200, 200))
    return im


def logo():
    im = Image.new('RGB', (320, 200), (0, 120, 60))
    d = ImageDraw.Draw(im)
    d.text((40, 70), 'Failed to connect', font=font(BOLD, 24), fill='white')
    return im


def main():
    here = pathlib.Path(__file__).parent
    pictures = all_windows()
    for name, im in pictures.items():
        im.save(here / f'ocr-{name}.png', optimize=True)
    pictures['veeam'].save(here / 'ocr-veeam-q40.jpg', quality=40)
    pictures['windows'].save(here / 'ocr-windows.gif')
    pictures['windows'].convert('1', dither=0).save(here / 'ocr-windows.bmp')
    with zipfile.ZipFile(here / 'ocr-report.docx', 'w', zipfile.ZIP_DEFLATED) as z:
        z.writestr('[Content_Types].xml', '<?xml version="1.0"?><Types/>')
        z.writestr('word/document.xml', '<?xml version="1.0"?><w:document/>')
        z.write(here / 'ocr-veeam.png', 'word/media/image1.png')
        z.write(here / 'ocr-windows.gif', 'word/media/image2.gif')
    with tarfile.open(here / 'ocr-pictures.tgz', 'w:gz') as t:
        t.add(here / 'ocr-small.png', 'case/screen.png')


if __name__ == '__main__':
    main()
